#include "gato/tokenize/image_text_output.h"

#include <optional>
#include <utility>

#include "gato/base/placed.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/tokenize/document.h"

namespace gato {
namespace {

// Why texts, and pages of images alone, are left out.
constexpr const char* without_image = "without image";

TaskSpec task_of(const ImageTextOptions& options) {
  TaskSpec spec;
  spec.name = options.task;
  spec.domain = options.domain;
  return spec;
}

}  // namespace

void add_image_text_options(cli::OptionTable& table, ImageTextOptions& options,
                            const std::string& default_root) {
  add_vocabulary_options(table, options.tokens);
  add_resize_option(table, options.tokens);
  table
      .add("image-root", &options.image_root,
           "Folder of the image files; that of " + default_root +
               " where not given")
      .named("FOLDER");
  table
      .add("missing-images", &options.missing_images,
           "What becomes of a text whose image is not there: error (a bad "
           "record), or omit (it is left out and counted; of a page, the image "
           "alone, or the page where nothing else is on it)")
      .one_of({"error", "omit"})
      .named("WHAT");
  table.add("task", &options.task, "Name of the task that the documents form")
      .named("NAME");
  table.add("domain", &options.domain, "Domain of the task").named("NAME");
}

ImageTextOutput::ImageTextOutput(const cli::Context& context,
                                 const ImageTextOptions& options,
                                 const std::string& unit)
    : omit_missing_(options.missing_images == "omit"),
      output_(context, options.tokens, unit) {
  task_ = output_.task(task_of(options), "--task");
  source_ = output_.source("unknown");
}

void ImageTextOutput::add_all(ImageTextSource& source) { add_records(source); }
void ImageTextOutput::add_all(PageSource& source) {
  has_pages_ = true;
  add_records(source);
}

template <class Record>
void ImageTextOutput::add_records(RecordSource<Record>& source) {
  while (true) {
    auto next = cli::attempt([&source] { return source.next(); });
    if (next.error) {
      output_.add([error = next.error] {
        return std::vector<Encoded>{{{}, error}};
      });
      continue;
    }
    if (!next.value) break;
    output_.add([this, record = std::move(*next.value)]() mutable {
      return encode(std::move(record));
    });
  }
  source.record_inputs(output_.provenance());
  for (const auto& [reason, count] : source.passed_over()) {
    add_count(passed_over_, reason, count);
  }
}

Image ImageTextOutput::read(const StoredImage& image) const {
  try {
    return resize_by_area(image.decode(), output_.resize());
  } catch (const Error& error) {
    if (!image.is_missing()) throw;
    throw Error(
        error.status(),
        fmt::format("{} (--missing-images omit leaves it out)", error.what()));
  }
}

TokenizedDocument ImageTextOutput::encode(const Document& document) const {
  TokenizedDocument result =
      encode_document(document, output_.vocabulary(), output_.text());
  result.task = task_;
  result.source = source_;
  return result;
}

std::vector<Encoded> ImageTextOutput::encode(ImageTexts record) {
  if (omit_missing_ && record.image.is_missing()) {
    texts_omitted_ += std::ssize(record.texts);
    return {};
  }
  Document document{{Image{}, std::string{}}};
  std::optional<Error> problem;  // of the image, which is that of all its texts
  try {
    document.items[0] = read(record.image);
  } catch (const Error& error) {
    problem = error;
  }
  std::vector<Encoded> all;
  for (PlacedText& text : record.texts) {
    all.push_back(encode_at(text.place, [&] {
      return placed(text.place, [&] {
        if (problem) throw Error(*problem);
        if (is_blank(text.text)) throw input_error("the caption is empty");
        document.items[1] = std::move(text.text);
        return encode(document);
      });
    }));
  }
  return all;
}

std::vector<Encoded> ImageTextOutput::encode(PageRecord record) {
  bool is_left_out = false;
  Encoded encoded = encode_at(record.place, [&] {
    Page page = page_of(std::move(record));
    return placed(page.place, [&] {
      Document document;
      int64_t omitted = 0;
      for (auto& item : page.items) {
        if (auto* text = std::get_if<std::string>(&item)) {
          document.items.emplace_back(std::move(*text));
          continue;
        }
        const auto& image = std::get<StoredImage>(item);
        if (omit_missing_ && image.is_missing()) {
          ++omitted;
        } else {
          document.items.emplace_back(read(image));
        }
      }
      is_left_out = document.items.empty();
      TokenizedDocument result =
          is_left_out ? TokenizedDocument{} : encode(document);
      images_omitted_ += omitted;
      return result;
    });
  });
  if (is_left_out) encoded.left_out = without_image;
  return {std::move(encoded)};
}

void ImageTextOutput::commit() {
  output_.finish();
  if (omit_missing_ && has_pages_) {
    passed_over_.emplace_back("images omitted", images_omitted_);
  }
  if (omit_missing_) output_.leave_out(without_image, texts_omitted_);
  output_.commit(passed_over_);
}

}  // namespace gato

#include "gato/commands/tokenize/image_text_tokenizer.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "gato/base/error.h"
#include "gato/cli/logging.h"
#include "gato/ingest/text/end_of_text.h"
#include "gato/tokenize/document_encoder.h"

// The main thread reads records and adds a job for each. The jobs decode the
// image, resize it and encode it with its text, because that is what takes
// time. An image that has several texts is decoded only once.

namespace gato::commands {
namespace {

// The reason for which texts, and pages that consist only of images, are
// excluded.
constexpr const char* kWithoutImage = "without image";

data::TaskSpec make_task_spec(const ImageTextOptions& options) {
  data::TaskSpec spec;
  spec.name = options.task;
  spec.domain = options.domain;
  return spec;
}

// Throws Error(io) if --image-root names a directory that is missing, which
// every record would report for its own image.
void check_image_root(const std::string& root) {
  std::error_code error;
  if (!root.empty() && !std::filesystem::is_directory(root, error)) {
    throw base::io_error("--image-root {}: {}", root,
                         error ? error.message() : "not a directory");
  }
}

bool contains_text(const data::Document& document) {
  return std::ranges::any_of(document.items, [](const auto& item) {
    return std::holds_alternative<std::string>(item);
  });
}

}  // namespace

void add_image_text_options(cli::OptionTable& table, ImageTextOptions& options,
                            const std::string& default_root) {
  add_vocabulary_options(table, options.tokenizer);
  add_resize_option(table, options.tokenizer);
  table
      .add("image-root", &options.image_root,
           "Directory that image paths are relative to")
      .metavar("DIR")
      .default_is("the directory of " + default_root);
  table
      .add("missing-images", &options.missing_images,
           "What to do about a missing image. error: its caption, answer or "
           "page is a bad record. omit: its captions or answers are omitted; a "
           "page is kept without the image, and omitted if it contains nothing "
           "else. Omissions are counted")
      .one_of({"error", "omit"})
      .metavar("WHAT");
  add_end_of_text_option(table, options.end_of_text);
  table.add("task", &options.task, "Name of the task of the documents")
      .metavar("NAME");
  table.add("domain", &options.domain, "Domain of the task").metavar("NAME");
}

ImageTextTokenizer::ImageTextTokenizer(const cli::CommandContext& context,
                                       const ImageTextOptions& options,
                                       const std::string& unit)
    : should_omit_missing_(options.missing_images == "omit"),
      markers_(options.end_of_text),
      output_(make_token_file_options(context, options.tokenizer, unit)) {
  check_image_root(options.image_root);
  task_ = output_.find_or_add_task(make_task_spec(options), "--task");
  source_ = output_.find_or_add_source("unknown");
}

void ImageTextTokenizer::add_all(ingest::ImageTextSource& source) {
  add_records(source);
}
void ImageTextTokenizer::add_all(ingest::PageSource& source) {
  has_pages_ = true;
  add_records(source);
}

template <class Record>
void ImageTextTokenizer::add_records(ingest::RecordSource<Record>& source) {
  while (true) {
    auto next = base::try_call([&source] { return source.next(); });
    if (next.error) {
      output_.add_bad_record(next.error);
      continue;
    }
    if (!next.value) {
      break;
    }
    output_.set_bytes_read(bytes_read_ + source.bytes_read());
    output_.add([this, record = std::move(*next.value)]() mutable {
      return encode(std::move(record));
    });
  }
  bytes_read_ += source.bytes_read();
  source.record_inputs(output_.provenance());
  for (const auto& [reason, count] : source.skipped()) {
    tokenize::add_count(extra_counts_, reason, count);
  }
}

data::Image ImageTextTokenizer::load_image(
    const ingest::StoredImage& image) const {
  try {
    return tokenize::resize_by_area(image.decode(), output_.resize());
  } catch (const base::Error& error) {
    if (!image.is_missing()) {
      throw;
    }
    throw base::Error(
        error.status(),
        fmt::format("{} (use --missing-images omit to continue without it)",
                    error.what()));
  }
}

void ImageTextTokenizer::append_text(std::string text,
                                     data::Document& document) const {
  for (ingest::TextPart& part :
       ingest::split_at_end_of_text(std::move(text), markers_.marker())) {
    if (auto* piece = std::get_if<std::string>(&part)) {
      document.items.emplace_back(std::move(*piece));
    } else if (contains_text(document)) {
      document.add_end_of_text();
    }
  }
}

data::TokenizedDocument ImageTextTokenizer::encode(
    const data::Document& document) const {
  data::TokenizedDocument result = tokenize::encode_document(
      document, output_.vocabulary(), *output_.text_encoder());
  result.task_index = task_;
  result.source_index = source_;
  return result;
}

std::vector<tokenize::EncodedRecord> ImageTextTokenizer::encode(
    ingest::ImageTexts record) {
  if (should_omit_missing_ && record.image.is_missing()) {
    texts_omitted_ += std::ssize(record.texts);
    return {};
  }
  data::Document document{{data::Image{}}};
  // If the image is bad, each of its texts is a bad record.
  std::optional<base::Error> image_error;
  try {
    document.items[0] = load_image(record.image);
  } catch (const base::Error& error) {
    image_error = error;
  }
  std::vector<tokenize::EncodedRecord> all;
  for (ingest::LocatedText& text : record.texts) {
    all.push_back(tokenize::try_encode(text.location, [&] {
      return base::with_context(text.location, [&] {
        if (image_error) {
          throw base::Error(*image_error);
        }
        document.items.resize(1);
        markers_.count(text.text, text.location);
        append_text(std::move(text.text), document);
        if (!contains_text(document)) {
          throw base::input_error("the caption is empty");
        }
        return encode(document);
      });
    }));
  }
  return all;
}

std::vector<tokenize::EncodedRecord> ImageTextTokenizer::encode(
    ingest::PageRecord record) {
  bool is_excluded = false;
  tokenize::EncodedRecord encoded = tokenize::try_encode(record.location, [&] {
    ingest::Page page = ingest::parse_page(std::move(record));
    return base::with_context(page.location, [&] {
      data::Document document;
      int64_t omitted = 0;
      bool is_counted = false;  // because of a marker
      for (auto& item : page.items) {
        if (auto* text = std::get_if<std::string>(&item)) {
          is_counted = is_counted || markers_.count(*text, page.location);
          append_text(std::move(*text), document);
          continue;
        }
        if (std::holds_alternative<data::EndOfText>(item)) {
          document.add_end_of_text();
          continue;
        }
        const auto& image = std::get<ingest::StoredImage>(item);
        if (should_omit_missing_ && image.is_missing()) {
          ++omitted;
        } else {
          document.items.emplace_back(load_image(image));
        }
      }
      if (document.items.empty() && omitted == 0) {
        throw base::input_error("the page is empty");
      }
      is_excluded = document.items.empty();
      data::TokenizedDocument result =
          is_excluded ? data::TokenizedDocument{} : encode(document);
      images_omitted_ += omitted;
      return result;
    });
  });
  if (is_excluded) {
    encoded.exclusion_reason = kWithoutImage;
  }
  return {std::move(encoded)};
}

void ImageTextTokenizer::commit() {
  finish();
  if (should_omit_missing_ && has_pages_) {
    extra_counts_.emplace_back("images omitted", images_omitted_);
  }
  if (should_omit_missing_) {
    output_.count_excluded(kWithoutImage, texts_omitted_);
  }
  markers_.warn("");
  cli::log_counts(output_.commit(extra_counts_));
}

}  // namespace gato::commands

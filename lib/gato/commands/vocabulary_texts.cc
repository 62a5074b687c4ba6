#include "gato/commands/vocabulary_texts.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/text/caption_source.h"
#include "gato/ingest/text/end_of_text.h"
#include "gato/ingest/text/page_source.h"
#include "gato/ingest/text/vqa.h"

// Every kind of input is a TextStream. InputTextStream joins the streams of all
// inputs; the training pulls the texts from it one by one.

namespace gato::commands {
namespace {

// A stream of records that contain any number of texts each.
class RecordTextStream : public tokenize::TextStream {
 public:
  std::optional<std::string> next() final {
    while (pending_.empty()) {
      if (!read_record(pending_)) {
        return std::nullopt;
      }
    }
    const ingest::LocatedText text = std::move(pending_.front());
    pending_.pop_front();
    check(text);
    return text.text;
  }

 private:
  // Adds the texts of the next record; returns false after the last record.
  // A record that cannot be read is an Error, and the next call continues
  // after it.
  virtual bool read_record(std::deque<ingest::LocatedText>& texts) = 0;
  // Throws Error(bad_input) if the text is a bad record by itself.
  virtual void check(const ingest::LocatedText& /*text*/) const {}

  std::deque<ingest::LocatedText> pending_;
};

class CaptionStream : public RecordTextStream {
 public:
  explicit CaptionStream(std::unique_ptr<ingest::ImageTextSource> source)
      : source_(std::move(source)) {}
  int64_t bytes_read() const override { return source_->bytes_read(); }

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    auto record = source_->next();
    if (!record) {
      return false;
    }
    std::ranges::move(record->texts, std::back_inserter(texts));
    return true;
  }
  void check(const ingest::LocatedText& text) const override {
    if (ingest::is_blank(text.text)) {
      throw base::input_error("{}: the caption is empty", text.location);
    }
  }

  std::unique_ptr<ingest::ImageTextSource> source_;
};

// Each text of a page is a text by itself.
class PageTextStream : public RecordTextStream {
 public:
  explicit PageTextStream(const std::string& input)
      : source_(ingest::open_pages(input, {})) {}
  int64_t bytes_read() const override { return source_->bytes_read(); }

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    auto record = source_->next();
    if (!record) {
      return false;
    }
    for (auto& item : ingest::parse_page(std::move(*record)).items) {
      if (auto* text = std::get_if<std::string>(&item)) {
        texts.push_back({std::move(*text), {}});
      }
    }
    return true;
  }

  std::unique_ptr<ingest::PageSource> source_;
};

// The text observations of episodes. A text that stays the same from one step
// to the next counts once.
class EpisodeTextStream : public RecordTextStream {
 public:
  explicit EpisodeTextStream(const std::string& input)
      : source_(ingest::open_episodes(input, {})) {}

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    if (next_episode_ == source_->episode_count()) {
      return false;
    }
    const data::Episode episode = source_->read_episode(next_episode_++);
    for (const data::FieldColumn& column : episode.observations) {
      const auto* steps = std::get_if<std::vector<std::string>>(&column);
      if (steps == nullptr) {
        continue;
      }
      for (size_t t = 0; t < steps->size(); ++t) {
        // The last text comes first: models depend on the order, and existing
        // ones should stay reproducible.
        if (t == 0 || (*steps)[t] != (*steps)[t - 1]) {
          texts.push_front({(*steps)[t], {}});
        }
      }
    }
    return true;
  }

  std::unique_ptr<ingest::EpisodeSource> source_;
  int64_t next_episode_ = 0;
};

// The documents of plain text or JSON lines.
class DocumentStream : public tokenize::TextStream {
 public:
  DocumentStream(const std::string& input,
                 const ingest::TextSourceOptions& options,
                 TextWarnings& warnings)
      : source_(input, options),
        end_of_text_(options.end_of_text_marker()),
        warnings_(warnings) {}

  std::optional<std::string> next() override {
    auto record = base::try_call([&] { return source_.next(); });
    warnings_.warn_if_json_lines(source_);
    if (record.error) {
      std::rethrow_exception(record.error);
    }
    if (record.value) {
      return read_text(std::move(*record.value));
    }
    warnings_.count_missing_separator(source_);
    return std::nullopt;
  }
  int64_t bytes_read() const override { return source_.bytes_read(); }

 private:
  // The marker of the end of a text is not learned.
  std::string read_text(ingest::TextRecord record) {
    const std::string location = record.location;
    std::string text = ingest::extract_text(std::move(record));
    warnings_.count_end_of_text_marker(text, location);
    if (end_of_text_.empty()) return text;
    std::string joined;
    for (auto& part :
         ingest::split_at_end_of_text(std::move(text), end_of_text_)) {
      const auto* piece = std::get_if<std::string>(&part);
      if (piece != nullptr) joined += *piece + '\n';
    }
    return joined;
  }

  ingest::TextSource source_;
  std::string end_of_text_;
  TextWarnings& warnings_;
};

std::unique_ptr<tokenize::TextStream> open_vqa_texts(
    const std::string& questions, const std::string& annotations) {
  ingest::VqaOptions options;
  options.image_name_format = "{image}";  // no image is opened
  return std::make_unique<CaptionStream>(
      ingest::open_vqa(questions, annotations, options));
}

std::unique_ptr<tokenize::TextStream> open_texts(
    const std::string& input, const ingest::TextSourceOptions& options,
    TextWarnings& warnings) {
  const bool is_auto = options.format == "auto";
  if (options.format == "episodes" ||
      (is_auto &&
       (std::filesystem::is_directory(input) || input.ends_with(".hdf5")))) {
    return std::make_unique<EpisodeTextStream>(input);
  }
  if (options.format == "captions" ||
      (is_auto && ingest::has_known_caption_extension(input))) {
    ingest::CaptionSourceOptions captions;
    captions.tsv.finds_images = false;
    return std::make_unique<CaptionStream>(
        ingest::open_captions(input, captions));
  }
  if (options.format == "interleaved") {
    return std::make_unique<PageTextStream>(input);
  }
  return std::make_unique<DocumentStream>(input, options, warnings);
}

}  // namespace

InputTextStream::InputTextStream(const std::vector<std::string>& inputs,
                                 const ingest::TextSourceOptions& options,
                                 int64_t max_skipped,
                                 base::ProgressDisplay& display)
    : inputs_(inputs),
      options_(options),
      warnings_(options),
      bad_records_(max_skipped),
      progress_(&display, "read", "texts") {}

std::optional<std::string> InputTextStream::next() {
  while (input_ || next_input_ < inputs_.size()) {
    if (!input_) {
      input_ = open_next_input();
    }
    try {
      if (auto text = input_->next()) {
        ++read_;
        progress_.advance(
            1, base::bytes_read_note(bytes_read_ + input_->bytes_read()));
        return text;
      }
      bytes_read_ += input_->bytes_read();
      input_ = nullptr;
    } catch (const base::Error&) {
      bad_records_.skip_or_rethrow(std::current_exception());
    }
  }
  return std::nullopt;
}

std::unique_ptr<tokenize::TextStream> InputTextStream::open_next_input() {
  const std::string& input = inputs_[next_input_++];
  if (options_.format == "vqa") {
    return open_vqa_texts(input, inputs_[next_input_++]);
  }
  return open_texts(input, options_, warnings_);
}

}  // namespace gato::commands

#include "gato/commands/tokenize/vocabulary_texts.h"

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

// Markers of the end of a text are not learned.
std::string without_markers(std::string text, const EndOfTextMarkers& markers) {
  return ingest::without_end_of_text(std::move(text), markers.marker(), "\n");
}

// A stream of records that contain any number of texts each.
class RecordTextStream : public tokenize::TextStream {
 public:
  explicit RecordTextStream(EndOfTextMarkers& markers) : markers_(markers) {}

  std::optional<std::string> next() final {
    while (pending_.empty()) {
      if (!read_record(pending_)) {
        return std::nullopt;
      }
    }
    ingest::LocatedText text = std::move(pending_.front());
    pending_.pop_front();
    // A page has several texts.
    if (text.location != counted_location_ &&
        markers_.count(text.text, text.location)) {
      counted_location_ = text.location;
    }
    text.text = without_markers(std::move(text.text), markers_);
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

  EndOfTextMarkers& markers_;
  std::string counted_location_;  // of the last text with a marker
  std::deque<ingest::LocatedText> pending_;
};

class CaptionStream : public RecordTextStream {
 public:
  CaptionStream(std::unique_ptr<ingest::ImageTextSource> source,
                EndOfTextMarkers& markers)
      : RecordTextStream(markers), source_(std::move(source)) {}
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
  PageTextStream(const std::string& input, EndOfTextMarkers& markers)
      : RecordTextStream(markers), source_(ingest::open_pages(input, {})) {}
  int64_t bytes_read() const override { return source_->bytes_read(); }

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    auto record = source_->next();
    if (!record) {
      return false;
    }
    ingest::Page page = ingest::parse_page(std::move(*record));
    for (auto& item : page.items) {
      if (auto* text = std::get_if<std::string>(&item)) {
        texts.push_back({std::move(*text), page.location});
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
  EpisodeTextStream(const std::string& input, EndOfTextMarkers& markers)
      : RecordTextStream(markers),
        input_(input),
        source_(ingest::open_episodes(input, {})) {}

 private:
  bool read_record(std::deque<ingest::LocatedText>& texts) override {
    if (next_episode_ == source_->episode_count()) {
      return false;
    }
    const data::Episode episode = source_->read_episode(next_episode_++);
    const std::string location =
        fmt::format("{}: episode {}", input_, episode.id);
    for (const data::FieldColumn& column : episode.observations) {
      const auto* steps = std::get_if<std::vector<std::string>>(&column);
      if (steps == nullptr) {
        continue;
      }
      for (size_t t = 0; t < steps->size(); ++t) {
        // The last text comes first: models depend on the order, and existing
        // ones should stay reproducible.
        if (t == 0 || (*steps)[t] != (*steps)[t - 1]) {
          texts.push_front({(*steps)[t], location});
        }
      }
    }
    return true;
  }

  std::string input_;
  std::unique_ptr<ingest::EpisodeSource> source_;
  int64_t next_episode_ = 0;
};

// The documents of plain text or JSON lines.
class DocumentStream : public tokenize::TextStream {
 public:
  DocumentStream(const std::string& input,
                 const ingest::TextSourceOptions& options,
                 TextWarnings& warnings, EndOfTextMarkers& markers)
      : source_(input, options), warnings_(warnings), markers_(markers) {}

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
  std::string read_text(ingest::TextRecord record) {
    const std::string location = record.location;
    std::string text = ingest::extract_text(std::move(record));
    markers_.count(text, location);
    return without_markers(std::move(text), markers_);
  }

  ingest::TextSource source_;
  TextWarnings& warnings_;
  EndOfTextMarkers& markers_;
};

std::unique_ptr<tokenize::TextStream> open_vqa_texts(
    const std::string& questions, const std::string& annotations,
    EndOfTextMarkers& markers) {
  ingest::VqaOptions options;
  options.image_name_format = "{image}";  // no image is opened
  options.end_of_text = markers.marker();
  return std::make_unique<CaptionStream>(
      ingest::open_vqa(questions, annotations, options), markers);
}

std::unique_ptr<tokenize::TextStream> open_texts(
    const std::string& input, const ingest::TextSourceOptions& options,
    TextWarnings& warnings, EndOfTextMarkers& markers) {
  const bool is_auto = options.format == "auto";
  if (options.format == "episodes" ||
      (is_auto &&
       (std::filesystem::is_directory(input) || input.ends_with(".hdf5")))) {
    return std::make_unique<EpisodeTextStream>(input, markers);
  }
  if (options.format == "captions" ||
      (is_auto && ingest::has_known_caption_extension(input))) {
    ingest::CaptionSourceOptions captions;
    captions.tsv.finds_images = false;
    return std::make_unique<CaptionStream>(
        ingest::open_captions(input, captions), markers);
  }
  if (options.format == "interleaved") {
    return std::make_unique<PageTextStream>(input, markers);
  }
  return std::make_unique<DocumentStream>(input, options, warnings, markers);
}

}  // namespace

InputTextStream::InputTextStream(const std::vector<std::string>& inputs,
                                 const ingest::TextSourceOptions& options,
                                 const std::string& end_of_text,
                                 int64_t max_skipped,
                                 base::ProgressDisplay& display)
    : inputs_(inputs),
      options_(options),
      warnings_(options),
      markers_(end_of_text),
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

void InputTextStream::warn() const {
  warnings_.warn_of_missing_separators();
  markers_.warn(TextWarnings::kMarkerAdvice);
}

std::unique_ptr<tokenize::TextStream> InputTextStream::open_next_input() {
  const std::string& input = inputs_[next_input_++];
  if (options_.format == "vqa") {
    return open_vqa_texts(input, inputs_[next_input_++], markers_);
  }
  return open_texts(input, options_, warnings_, markers_);
}

}  // namespace gato::commands

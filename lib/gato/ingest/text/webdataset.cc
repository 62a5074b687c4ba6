// A sample ends when a member with another key begins, so the reader is always
// one member ahead: pending_sample_ is the sample that is being assembled.
#include "gato/ingest/text/webdataset.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string_view>

#include "gato/base/error.h"
#include "gato/ingest/archive.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/ingest/json_fields.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

constexpr std::array kImageFields{"jpg", "jpeg", "png", "webp",
                                  "ppm", "pgm",  "pbm"};
constexpr std::array kTextFields{"txt", "caption", "json"};

template <class Names>
bool is_one_of(const std::string& name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Returns whether the path is "__NAME__" or a file in a folder of that name.
bool is_metadata_member(const std::string& path) {
  const std::string_view first(path.data(),
                               std::min(path.find('/'), path.size()));
  return first.size() > 4 && first.starts_with("__") && first.ends_with("__");
}

struct Sample {
  std::string key;
  std::map<std::string, std::string> fields;  // contents by name
  std::vector<std::string> unread_fields;     // names of all other fields
  std::string error;  // why the record is bad; empty if it is not

  void set_first_error(const std::string& text) {
    if (error.empty()) error = text;
  }
};

bool has_caption(const Sample& sample) {
  return std::ranges::any_of(kTextFields, [&sample](const char* field) {
    return sample.fields.contains(field);
  });
}

bool has_image(const Sample& sample) {
  return std::ranges::any_of(kImageFields, [&sample](const char* field) {
    return sample.fields.contains(field);
  });
}

std::string extract_caption(const Sample& sample,
                            const std::string& caption_key) {
  for (const char* field : {"txt", "caption"}) {
    const auto found = sample.fields.find(field);
    if (found == sample.fields.end()) continue;
    if (find_invalid_utf8(found->second)) {
      throw base::input_error("field {} is not UTF-8", field);
    }
    return found->second;
  }
  const auto found = sample.fields.find("json");
  if (found == sample.fields.end()) {
    throw base::input_error("has no caption (field txt, caption or json)");
  }
  return base::with_context("field json", [&] {
    nlohmann::json object = parse_json_object(found->second);
    return take_string_at(object, caption_key, " (--caption-key)");
  });
}

StoredImage take_image(Sample& sample) {
  std::string* image = nullptr;
  std::string names;
  for (auto& [field, bytes] : sample.fields) {
    names += " " + field;
    if (!is_one_of(field, kImageFields)) continue;
    if (image != nullptr) throw base::input_error("has several images");
    image = &bytes;
  }
  if (image == nullptr) {
    for (const auto& field : sample.unread_fields) names += " " + field;
    return {StoredImage::Kind::missing,
            "has no image (jpg, jpeg, png, webp ...) among" + names};
  }
  return {StoredImage::Kind::bytes, std::move(*image)};
}

class WebDatasetSource : public ImageTextSource {
 public:
  WebDatasetSource(const std::string& path, const WebDatasetOptions& options)
      : options_(options), tar_(path) {}

  std::optional<ImageTexts> next() override {
    auto sample = next_sample();
    if (!sample) return std::nullopt;
    const std::string location =
        fmt::format("{}: sample {}", tar_.name(), sample->key);
    try {
      if (!sample->error.empty()) throw base::input_error("{}", sample->error);
      StoredImage image = take_image(*sample);
      // A sample without either counts as one whose image is missing.
      const bool lacks_image_and_caption =
          image.kind == StoredImage::Kind::missing && !has_caption(*sample);
      const std::string caption =
          lacks_image_and_caption
              ? ""
              : extract_caption(*sample, options_.caption_key);
      return ImageTexts{std::move(image), {{caption, location}}};
    } catch (const base::Error& error) {
      throw base::input_error("{}: {}", location, error.what());
    }
  }

  Counts skipped() const override {
    return {{"other members", skipped_members_ + tar_.skipped_members()}};
  }

  void record_inputs(data::Provenance& provenance) override {
    tar_.record_input(provenance);
  }

 private:
  // Returns the next sample. Samples that precede an error are returned before
  // it is thrown.
  std::optional<Sample> next_sample() {
    if (deferred_error_) throw base::Error(*std::exchange(deferred_error_, {}));
    std::optional<Sample> finished;
    try {
      while (auto path = tar_.next()) {
        const auto name = split_member_name(*path);
        if (!name) {
          ++skipped_members_;
          continue;
        }
        if (pending_sample_ && pending_sample_->key != name->first) {
          finished = std::exchange(pending_sample_, std::nullopt);
        }
        if (!pending_sample_) pending_sample_ = Sample{name->first, {}, {}, {}};
        is_inside_member_ = true;
        add_member(name->second);
        is_inside_member_ = false;
        if (finished) return finished;
      }
    } catch (const base::Error& error) {
      if (error.status() != base::ExitStatus::bad_input) throw;
      deferred_error_ = describe(error);
      if (!finished && has_image_and_caption()) finished = pending_sample_;
      pending_sample_ = std::nullopt;
      if (finished) return finished;
      return next_sample();
    }
    return std::exchange(pending_sample_, std::nullopt);
  }

  // Returns whether the pending sample is usable: the error came after the
  // members that were read, each of which is complete.
  bool has_image_and_caption() const {
    return pending_sample_ && !is_inside_member_ &&
           has_image(*pending_sample_) && has_caption(*pending_sample_);
  }

  // Adds to an error which samples are lost.
  base::Error describe(const base::Error& error) const {
    if (!pending_sample_) return error;
    return base::input_error(
        "{}: nothing can be read {} sample {}{}", error.what(),
        has_image_and_caption() ? "after" : "from", pending_sample_->key,
        has_image_and_caption() ? "" : " on");
  }

  void add_member(std::string field) {
    std::transform(field.begin(), field.end(), field.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const bool is_read =
        is_one_of(field, kImageFields) || is_one_of(field, kTextFields);
    if (!is_read) {
      pending_sample_->unread_fields.push_back(field);
      return;
    }
    if (tar_.member_size() > kMaxImageBytes) {
      pending_sample_->set_first_error(fmt::format(
          "field {} has more than {} MiB", field, kMaxImageBytes >> 20));
      return;
    }
    if (!pending_sample_->fields.emplace(field, tar_.read_content()).second) {
      pending_sample_->set_first_error(
          fmt::format("has field {} twice", field));
    }
  }

  WebDatasetOptions options_;
  TarReader tar_;
  std::optional<Sample> pending_sample_;  // that is being assembled
  bool is_inside_member_ = false;         // of pending_sample_
  std::optional<base::Error> deferred_error_;
  int64_t skipped_members_ = 0;
};

}  // namespace

std::optional<std::pair<std::string, std::string>> split_member_name(
    const std::string& path) {
  const size_t base = path.rfind('/') + 1;  // 0 without a slash
  const size_t dot = path.find('.', base);
  if (is_metadata_member(path) || dot == std::string::npos || dot == base) {
    return std::nullopt;
  }
  return std::pair{path.substr(0, dot), path.substr(dot + 1)};
}

std::unique_ptr<ImageTextSource> open_webdataset(
    const std::string& path, const WebDatasetOptions& options) {
  return std::make_unique<WebDatasetSource>(path, options);
}

}  // namespace gato::ingest

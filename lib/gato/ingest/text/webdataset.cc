// A sample ends when a member with another key begins, so the reader is always
// one member ahead: group_ contains the members of the key that is being read.
//
// A key ends at the first dot, but names like v1.0_1.jpg and v1.0_1.txt occur,
// whose dot belongs to the name. They would be the fields 0_1.jpg and 0_1.txt
// of a sample v1, together with those of v1.0_2. The group is resolved by its
// members: if one of them is a field without a dot (v1.jpg), all are fields of
// one sample (v1.left.jpg is a field that is not read). Otherwise the members
// that agree up to the last dot are a sample.
#include "gato/ingest/text/webdataset.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <iterator>
#include <map>
#include <string_view>

#include "gato/base/error.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/tar_reader.h"
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

// Returns whether the path is "__NAME__" or a file in a directory of that name.
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
    if (error.empty()) {
      error = text;
    }
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

// Returns whether the field of this name is an image or a text.
bool is_read(const std::string& field) {
  return is_one_of(field, kImageFields) || is_one_of(field, kTextFields);
}

std::string extract_caption(const Sample& sample,
                            const std::string& caption_key) {
  for (const char* field : {"txt", "caption"}) {
    const auto found = sample.fields.find(field);
    if (found == sample.fields.end()) {
      continue;
    }
    if (find_invalid_utf8(found->second)) {
      throw base::input_error("field {} is not UTF-8", field);
    }
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    const std::string& text = found->second;
    return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size())
                                            : text;
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
    if (!is_one_of(field, kImageFields)) {
      continue;
    }
    if (image != nullptr) {
      throw base::input_error("has several images");
    }
    image = &bytes;
  }
  if (image == nullptr) {
    for (const auto& field : sample.unread_fields) {
      names += " " + field;
    }
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
    if (!sample) {
      return std::nullopt;
    }
    const std::string location =
        fmt::format("{}: sample {}", tar_.name(), sample->key);
    try {
      if (!sample->error.empty()) {
        throw base::input_error("{}", sample->error);
      }
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
    return {{"other members", tar_.skipped_members()}};
  }

  void record_inputs(data::Provenance& provenance) override {
    tar_.record_input(provenance);
  }
  int64_t bytes_read() const override { return tar_.bytes_read(); }

 private:
  // The members of one first-dot key.
  struct Group {
    Sample sample;               // of the fields whose names contain no dot
    std::vector<Sample> dotted;  // one per name up to the last dot
    bool has_finished_samples = false;
  };

  std::optional<Sample> next_sample() {
    while (finished_.empty()) {
      if (error_) {
        throw *std::exchange(error_, std::nullopt);
      }
      if (is_at_end_) {
        return std::nullopt;
      }
      try {
        read_member();
      } catch (const base::Error& error) {
        // The rest of the file is lost, and with it an incomplete sample.
        is_at_end_ = true;
        error_ = describe_loss(error);
        if (has_complete_sample()) {
          finish_group();
        }
        group_ = std::nullopt;
      }
    }
    Sample sample = std::move(finished_.front());
    finished_.pop_front();
    return sample;
  }

  const Sample& last_sample() const {
    return group_->dotted.empty() ? group_->sample : group_->dotted.back();
  }

  // Returns whether the last sample is usable although the archive is corrupt:
  // the error came after the members that were read, each of which is complete.
  bool has_complete_sample() const {
    return group_ && !is_inside_member_ && has_image(last_sample()) &&
           has_caption(last_sample());
  }

  // Adds to an error which samples are lost.
  base::Error describe_loss(const base::Error& error) const {
    if (!group_ || error.status() != base::ExitStatus::bad_input) {
      return error;
    }
    if (has_complete_sample()) {
      return base::input_error("{}: nothing can be read after sample {}",
                               error.what(), last_sample().key);
    }
    return base::input_error(
        "{}: nothing can be read from sample {} on", error.what(),
        group_->has_finished_samples ? last_sample().key : group_->sample.key);
  }

  void read_member() {
    const auto path = tar_.next();
    if (!path) {
      is_at_end_ = true;
      finish_group();
      return;
    }
    const auto name = split_member_name(*path);
    if (!name) {
      tar_.skip_member();
      return;
    }
    if (group_ && group_->sample.key != name->first) {
      finish_group();
    }
    if (!group_) {
      group_ = Group{{name->first, {}, {}, {}}, {}, false};
    }
    std::string field = name->second;
    std::transform(field.begin(), field.end(), field.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    is_inside_member_ = true;
    add_member(*path, field);
    is_inside_member_ = false;
  }

  void add_member(const std::string& path, const std::string& field) {
    Sample& sample = group_->sample;
    std::vector<Sample>& dotted = group_->dotted;
    const std::string extension = field.substr(field.rfind('.') + 1);
    if (!is_read(extension) || (extension != field && !sample.fields.empty())) {
      sample.unread_fields.push_back(field);
    } else if (extension == field) {
      for (const Sample& other : dotted) {
        for (const auto& [name, content] : other.fields) {
          sample.unread_fields.push_back(
              other.key.substr(sample.key.size() + 1) + "." + name);
        }
      }
      dotted.clear();
      read_field(sample, field);
    } else {
      const std::string key = path.substr(0, path.rfind('.'));
      if (dotted.empty() || dotted.back().key != key) {
        finish_dotted();
        dotted.push_back({key, {}, {}, {}});
      }
      read_field(dotted.back(), extension);
    }
  }

  void read_field(Sample& sample, const std::string& field) {
    if (tar_.member_size() > kMaxImageBytes) {
      sample.set_first_error(fmt::format("field {} has more than {} MiB", field,
                                         kMaxImageBytes >> 20));
      return;
    }
    if (!sample.fields.emplace(field, tar_.read_content()).second) {
      sample.set_first_error(fmt::format("has field {} twice", field));
    }
  }

  // Ends the last of the dotted samples. An image with a text proves that the
  // dots belong to the names. Until then images are not kept in memory, because
  // they may turn out to be fields that are not read.
  void finish_dotted() {
    std::vector<Sample>& dotted = group_->dotted;
    if (dotted.empty()) {
      return;
    }
    if (has_image(dotted.back()) && has_caption(dotted.back())) {
      group_->has_finished_samples = true;
    }
    if (group_->has_finished_samples) {
      std::ranges::move(dotted, std::back_inserter(finished_));
      dotted.clear();
      return;
    }
    for (auto& [field, content] : dotted.back().fields) {
      if (is_one_of(field, kImageFields)) {
        content.clear();
      }
    }
  }

  void finish_group() {
    if (!group_) {
      return;
    }
    finish_dotted();
    const Sample& sample = group_->sample;
    if (!sample.fields.empty() || !sample.error.empty() ||
        (group_->dotted.empty() && !group_->has_finished_samples)) {
      finished_.push_back(std::move(group_->sample));
    } else {
      std::ranges::move(group_->dotted, std::back_inserter(finished_));
    }
    group_ = std::nullopt;
  }

  WebDatasetOptions options_;
  TarReader tar_;
  std::optional<Group> group_;
  std::deque<Sample> finished_;       // not yet returned
  std::optional<base::Error> error_;  // to be thrown after them
  bool is_inside_member_ = false;     // of the group
  bool is_at_end_ = false;
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

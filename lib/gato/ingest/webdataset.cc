#include "gato/ingest/webdataset.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gato/base/error.h"
#include "gato/data/loose_json.h"
#include "gato/ingest/archive.h"
#include "gato/ingest/image_file.h"
#include "gato/ingest/utf8.h"

namespace gato {
namespace {

constexpr std::array image_fields{"jpg", "jpeg", "png", "webp",
                                  "ppm", "pgm",  "pbm"};
constexpr std::array text_fields{"txt", "caption", "json"};

template <class Names>
bool is_one_of(const std::string& name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "__meta__", or a file in such a folder.
bool is_meta(const std::string& path) {
  const std::string_view first(path.data(),
                               std::min(path.find('/'), path.size()));
  return first.size() > 4 && first.starts_with("__") && first.ends_with("__");
}

struct Sample {
  std::string key;
  std::map<std::string, std::string> fields;  // those that are read
  std::vector<std::string> others;  // names of the fields that are not
  std::string problem;  // why it is a bad record, empty where it is none

  void add_problem(const std::string& text) {
    if (problem.empty()) problem = text;
  }
};

bool has_caption(const Sample& sample) {
  return std::ranges::any_of(text_fields, [&sample](const char* field) {
    return sample.fields.contains(field);
  });
}

std::string caption_of(const Sample& sample, const std::string& caption_key) {
  for (const char* field : {"txt", "caption"}) {
    const auto found = sample.fields.find(field);
    if (found == sample.fields.end()) continue;
    if (find_invalid_utf8(found->second)) {
      throw input_error("field {} is not UTF-8", field);
    }
    return found->second;
  }
  const auto found = sample.fields.find("json");
  if (found == sample.fields.end()) {
    throw input_error("has no caption (field txt, caption or json)");
  }
  const auto object = nlohmann::json::parse(found->second, nullptr, false);
  if (!object.is_object()) throw input_error("field json is no JSON object");
  const auto caption = object.find(caption_key);
  if (caption == object.end()) {
    throw input_error("field json has no key '{}' (--caption-key)",
                      caption_key);
  }
  if (!caption->is_string()) {
    throw input_error("field json: key '{}' is {}, not a text", caption_key,
                      shown(*caption));
  }
  return caption->get<std::string>();
}

StoredImage image_of(Sample& sample) {
  std::string* image = nullptr;
  std::string names;
  for (auto& [field, bytes] : sample.fields) {
    names += " " + field;
    if (!is_one_of(field, image_fields)) continue;
    if (image != nullptr) throw input_error("has several images");
    image = &bytes;
  }
  if (image == nullptr) {
    for (const auto& field : sample.others) names += " " + field;
    return {StoredImage::Form::missing,
            "has no image (jpg, jpeg, png, webp ...) among" + names};
  }
  return {StoredImage::Form::bytes, std::move(*image)};
}

class WebDatasetSource : public ImageTextSource {
 public:
  WebDatasetSource(const std::string& path, const WebDatasetOptions& options)
      : options_(options), tar_(path) {}

  std::optional<ImageTexts> next() override {
    auto sample = next_sample();
    if (!sample) return std::nullopt;
    const std::string place =
        fmt::format("{}: sample {}", tar_.name(), sample->key);
    try {
      if (!sample->problem.empty()) throw input_error("{}", sample->problem);
      StoredImage image = image_of(*sample);
      // Without either it is a sample without image.
      const bool is_nothing =
          image.form == StoredImage::Form::missing && !has_caption(*sample);
      const std::string caption =
          is_nothing ? "" : caption_of(*sample, options_.caption_key);
      return ImageTexts{std::move(image), {{caption, place}}};
    } catch (const Error& error) {
      throw input_error("{}: {}", place, error.what());
    }
  }

  Counts passed_over() const override {
    return {{"other members", others_ + tar_.others()}};
  }

  void record_inputs(Provenance& provenance) override {
    tar_.record(provenance);
  }

 private:
  std::optional<Sample> next_sample() {
    try {
      while (auto path = tar_.next()) {
        const auto name = split_member_name(*path);
        if (!name) {
          ++others_;
          continue;
        }
        std::optional<Sample> finished;
        if (sample_ && sample_->key != name->first) {
          finished = std::exchange(sample_, std::nullopt);
        }
        if (!sample_) sample_ = Sample{name->first, {}, {}, {}};
        add_member(name->second);
        if (finished) return finished;
      }
    } catch (const Error& error) {
      // The rest of the file is lost, and what came of this sample with it.
      const std::string last = sample_ ? sample_->key : "";
      sample_ = std::nullopt;
      if (last.empty() || error.status() != ExitStatus::bad_input) throw;
      throw input_error("{}: from sample {} on nothing can be read",
                        error.what(), last);
    }
    return std::exchange(sample_, std::nullopt);
  }

  void add_member(std::string field) {
    std::transform(field.begin(), field.end(), field.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const bool is_read =
        is_one_of(field, image_fields) || is_one_of(field, text_fields);
    if (!is_read) {
      sample_->others.push_back(field);
      return;
    }
    if (tar_.size() > most_image_bytes) {
      sample_->add_problem(fmt::format("field {} has more than {} MiB", field,
                                       most_image_bytes >> 20));
      return;
    }
    if (!sample_->fields.emplace(field, tar_.content()).second) {
      sample_->add_problem(fmt::format("has field {} twice", field));
    }
  }

  WebDatasetOptions options_;
  TarReader tar_;
  std::optional<Sample> sample_;  // that is being put together
  int64_t others_ = 0;
};

}  // namespace

std::optional<std::pair<std::string, std::string>> split_member_name(
    const std::string& path) {
  const size_t base = path.rfind('/') + 1;  // 0 without a slash
  const size_t dot = path.find('.', base);
  if (is_meta(path) || dot == std::string::npos || dot == base) {
    return std::nullopt;
  }
  return std::pair{path.substr(0, dot), path.substr(dot + 1)};
}

std::unique_ptr<ImageTextSource> open_webdataset(
    const std::string& path, const WebDatasetOptions& options) {
  return std::make_unique<WebDatasetSource>(path, options);
}

}  // namespace gato

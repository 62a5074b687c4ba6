#include "gato/ingest/text/coco.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/ingest/json_lists.h"
#include "gato/ingest/text/joined_image_texts.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

// Returns "annotation 13", or "annotations[5]" if the record has no id.
std::string record_name(const json& record, const char* noun, int64_t index) {
  const auto id = record.find("id");
  if (id == record.end() || !id->is_number_integer()) {
    return fmt::format("{}s[{}]", noun, index);
  }
  return fmt::format("{} {}", noun, id->get<int64_t>());
}

struct CocoReader {
  JoinedImageTexts result;
  std::unordered_map<int64_t, size_t> image_index_by_id;
  std::vector<int64_t> record_image_ids;  // parallel to result.records
  std::string path;

  // Adds a record, or the Error that `add` throws to the bad records.
  template <class Take>
  void add_or_report(const json& record, const char* noun, int64_t index,
                     Take add) {
    try {
      add();
    } catch (const base::Error& error) {
      result.errors.push_back(fmt::format(
          "{}: {}: {}", path, record_name(record, noun, index), error.what()));
    }
  }

  void add_image(const json& image, int64_t index) {
    add_or_report(image, "image", index, [&] {
      const std::string& file = string_at(image, "file_name");
      const auto [known, is_new] = image_index_by_id.emplace(
          integer_at(image, "id"), result.image_paths.size());
      if (!is_new) {
        throw base::input_error(
            "key 'id' is {} again, for the file_name '{}': it belongs to '{}'",
            known->first, base::escape_control_characters(file),
            base::escape_control_characters(result.image_paths[known->second]));
      }
      result.image_paths.push_back(file);
    });
  }

  void add_annotation(const json& annotation, int64_t index) {
    add_or_report(annotation, "annotation", index, [&] {
      const int64_t image = integer_at(annotation, "image_id");
      result.records.push_back({0,
                                integer_at(annotation, "id"),
                                {},
                                {string_at(annotation, "caption")}});
      record_image_ids.push_back(image);
    });
  }

  // Replaces image ids by indices once all images are known: "images" may come
  // after "annotations".
  void resolve_images() {
    std::vector<bool> used(result.image_paths.size());
    std::vector<JoinedImageTexts::Record> joined;
    for (size_t i = 0; i < result.records.size(); ++i) {
      const auto found = image_index_by_id.find(record_image_ids[i]);
      if (found == image_index_by_id.end()) {
        result.errors.push_back(fmt::format(
            "{}: annotation {}: image_id {} is not among the images", path,
            result.records[i].id, record_image_ids[i]));
        continue;
      }
      used[found->second] = true;
      result.records[i].image_index = found->second;
      joined.push_back(std::move(result.records[i]));
    }
    result.records = std::move(joined);
    result.skipped = {{"images without caption",
                       std::count(used.begin(), used.end(), false)}};
  }
};

}  // namespace

std::unique_ptr<ImageTextSource> open_coco_captions(
    const std::string& path, const std::filesystem::path& image_root) {
  CocoReader reader;
  reader.path = path;
  reader.result.inputs = {path};
  reader.result.image_root = image_root;
  reader.result.record_label = path + ": annotation";
  read_json_lists(path, "COCO captions",
                  {{"images", [&](const json& record,
                                  int64_t i) { reader.add_image(record, i); }},
                   {"annotations", [&](const json& record, int64_t i) {
                      reader.add_annotation(record, i);
                    }}});
  reader.resolve_images();
  return make_joined_source(std::move(reader.result));
}

}  // namespace gato::ingest

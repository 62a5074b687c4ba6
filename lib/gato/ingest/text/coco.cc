#include "gato/ingest/text/coco.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/ingest/json_lists.h"
#include "gato/ingest/json_record.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

struct CocoReader {
  JoinedImageTexts result;
  std::unordered_map<int64_t, size_t> image_index_by_id;
  std::vector<int64_t> record_image_ids;  // parallel to result.records
  std::string path;
  bool requires_caption_ids;

  void add_image(const json& image) {
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
  }

  void add_annotation(const json& annotation) {
    const int64_t image = integer_at(annotation, "image_id");
    const bool has_id = requires_caption_ids || annotation.contains("id");
    result.records.push_back({0,
                              has_id ? integer_at(annotation, "id") : 0,
                              {},
                              {string_at(annotation, "caption")}});
    record_image_ids.push_back(image);
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

JoinedImageTexts read_coco_captions(const std::string& path,
                                    bool requires_caption_ids) {
  CocoReader reader;
  reader.path = path;
  reader.requires_caption_ids = requires_caption_ids;
  JoinedImageTexts& result = reader.result;
  result.inputs = {path};
  result.record_label = path + ": annotation";
  const RecordNames images{path, "images", "image", "id"};
  const RecordNames annotations{path, "annotations", "annotation", "id"};
  read_json_lists(path, "COCO captions",
                  {{"images",
                    [&](const json& record, int64_t i) {
                      result.add_or_report(images, record, i,
                                           [&] { reader.add_image(record); });
                    }},
                   {"annotations", [&](const json& record, int64_t i) {
                      result.add_or_report(annotations, record, i, [&] {
                        reader.add_annotation(record);
                      });
                    }}});
  reader.resolve_images();
  return std::move(reader.result);
}

std::unique_ptr<ImageTextSource> open_coco_captions(
    const std::string& path, const std::filesystem::path& image_root) {
  JoinedImageTexts captions =
      read_coco_captions(path, /*requires_caption_ids=*/true);
  captions.image_root = image_root;
  return make_joined_source(std::move(captions));
}

}  // namespace gato::ingest

#include "gato/ingest/coco.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/one_line.h"
#include "gato/ingest/joined_texts.h"
#include "gato/ingest/json_sections.h"

namespace gato {
namespace {

using nlohmann::json;

// "annotation 13", or "annotations[5]" where it has no id.
std::string name_of(const json& record, const char* noun, int64_t index) {
  const auto id = record.find("id");
  if (id == record.end() || !id->is_number_integer()) {
    return fmt::format("{}s[{}]", noun, index);
  }
  return fmt::format("{} {}", noun, id->get<int64_t>());
}

struct Reader {
  JoinedTexts result;
  std::unordered_map<int64_t, size_t> image_of_id;
  std::vector<int64_t> image_ids;  // of result.records
  std::string path;

  // Takes a record; what it lacks makes it a bad one.
  template <class Take>
  void attempt(const json& record, const char* noun, int64_t index, Take take) {
    try {
      take();
    } catch (const Error& error) {
      result.problems.push_back(fmt::format(
          "{}: {}: {}", path, name_of(record, noun, index), error.what()));
    }
  }

  void add_image(const json& image, int64_t index) {
    attempt(image, "image", index, [&] {
      const std::string& file = text_at(image, "file_name");
      const auto [known, is_new] =
          image_of_id.emplace(integer_at(image, "id"), result.images.size());
      if (!is_new) {
        throw input_error(
            "key 'id' is {} a second time, of the file_name '{}': the first is "
            "'{}'",
            known->first, one_line(file),
            one_line(result.images[known->second]));
      }
      result.images.push_back(file);
    });
  }

  void add_annotation(const json& annotation, int64_t index) {
    attempt(annotation, "annotation", index, [&] {
      const int64_t image = integer_at(annotation, "image_id");
      result.records.push_back({0,
                                integer_at(annotation, "id"),
                                {},
                                {text_at(annotation, "caption")}});
      image_ids.push_back(image);
    });
  }

  void join() {
    std::vector<bool> used(result.images.size());
    std::vector<JoinedTexts::Record> joined;
    for (size_t i = 0; i < result.records.size(); ++i) {
      const auto found = image_of_id.find(image_ids[i]);
      if (found == image_of_id.end()) {
        result.problems.push_back(fmt::format(
            "{}: annotation {}: image_id {} is not among the images", path,
            result.records[i].id, image_ids[i]));
        continue;
      }
      used[found->second] = true;
      result.records[i].image = found->second;
      joined.push_back(std::move(result.records[i]));
    }
    result.records = std::move(joined);
    result.passed_over = {{"images without caption",
                           std::count(used.begin(), used.end(), false)}};
  }
};

}  // namespace

std::unique_ptr<ImageTextSource> open_coco_captions(
    const std::string& path, const std::filesystem::path& image_root) {
  Reader reader;
  reader.path = path;
  reader.result.inputs = {path};
  reader.result.image_root = image_root;
  reader.result.label = path + ": annotation";
  read_json_sections(
      path, "COCO captions",
      {{"images",
        [&](const json& record, int64_t i) { reader.add_image(record, i); }},
       {"annotations", [&](const json& record, int64_t i) {
          reader.add_annotation(record, i);
        }}});
  reader.join();
  return make_source(std::move(reader.result));
}

}  // namespace gato

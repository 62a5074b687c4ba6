#include "gato/ingest/coco.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "gato/base/error.h"

namespace gato {
namespace {

using nlohmann::json;

// An image or an annotation, still without its partner.
struct Reader {
  CocoCaptions result;
  std::unordered_map<int64_t, int64_t> image_of_id;
  std::vector<int64_t> image_ids;  // of result.captions
  bool has_images = false, has_annotations = false;

  void add_image(const json& image) {
    const auto file = static_cast<int64_t>(result.files.size());
    image_of_id.emplace(image.at("id").get<int64_t>(), file);
    result.files.push_back(image.at("file_name").get<std::string>());
  }

  void add_annotation(const json& annotation) {
    CocoCaption caption;
    caption.annotation = annotation.at("id").get<int64_t>();
    image_ids.push_back(annotation.at("image_id").get<int64_t>());
    const auto text = annotation.find("caption");
    if (text == annotation.end() || !text->is_string()) {
      caption.problem = "has no text under the key 'caption'";
    } else {
      caption.caption = text->get<std::string>();
    }
    result.captions.push_back(std::move(caption));
  }

  void join() {
    std::vector<bool> used(result.files.size());
    for (size_t i = 0; i < result.captions.size(); ++i) {
      CocoCaption& caption = result.captions[i];
      if (!caption.problem.empty()) continue;
      const auto found = image_of_id.find(image_ids[i]);
      if (found == image_of_id.end()) {
        caption.problem =
            fmt::format("image_id {} is not among the images", image_ids[i]);
        continue;
      }
      caption.image = found->second;
      used[static_cast<size_t>(found->second)] = true;
    }
    result.without_caption = std::count(used.begin(), used.end(), false);
    // As unsigned numbers, so that -1 comes last.
    std::stable_sort(result.captions.begin(), result.captions.end(),
                     [](const CocoCaption& a, const CocoCaption& b) {
                       return static_cast<uint64_t>(a.image) <
                              static_cast<uint64_t>(b.image);
                     });
  }
};

}  // namespace

CocoCaptions read_coco_captions(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw io_error("{}: {}", path, std::strerror(errno));
  Reader reader;
  std::string section;  // the key of the outermost object that is being read
  // Every finished image and annotation is taken, and dropped from the tree.
  const auto take = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1) {
      section = value.get<std::string>();
      reader.has_images |= section == "images";
      reader.has_annotations |= section == "annotations";
    }
    if (event != json::parse_event_t::object_end || depth != 2) return true;
    if (section == "images") reader.add_image(value);
    if (section == "annotations") reader.add_annotation(value);
    return false;
  };
  try {
    if (!json::parse(file, take).is_object()) {
      throw input_error("{}: is no JSON object", path);
    }
  } catch (const json::exception& error) {
    throw input_error("{}: not COCO captions: {}", path, error.what());
  }
  if (!reader.has_images || !reader.has_annotations) {
    throw input_error(
        "{}: not COCO captions: it has no \"{}\" (wanted: images and "
        "annotations)",
        path, reader.has_images ? "annotations" : "images");
  }
  reader.join();
  return std::move(reader.result);
}

}  // namespace gato

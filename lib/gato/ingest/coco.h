// COCO captions: {"images": [{"id", "file_name"}...], "annotations": [{"id",
// "image_id", "caption"}...]}, other keys ignored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gato {

struct CocoCaption {
  int64_t annotation = 0;  // its id
  int64_t image = -1;      // index into CocoCaptions::files; -1: see problem
  std::string caption;
  std::string problem;  // why this record cannot be used; empty where it can
};

struct CocoCaptions {
  std::vector<std::string> files;  // file_name of each image
  // In the order of the images, those of one image in the order of the file;
  // bad records last.
  std::vector<CocoCaption> captions;
  int64_t without_caption = 0;  // images
};

// Keeps names and captions alone in memory while it reads. Error (io) where the
// file cannot be read, (bad_input) where it is no such JSON.
CocoCaptions read_coco_captions(const std::string& path);

}  // namespace gato

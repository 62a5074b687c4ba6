// Inputs and outputs of the commands that write a line per image.
#pragma once

#include <opencv2/imgcodecs.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run_in_process.h"
#include "model/tiny_model.h"

namespace gato::test {

// A directory with a tiny model and images.
struct ImageTextFixture {
  ScratchDirectory folder;
  std::string model = folder / "model";

  ImageTextFixture() { write_tiny_model(model); }

  // Writes a square image of one shade of gray and returns its path.
  std::string write_image(const std::string& name, int size, int gray) const {
    const std::string path = folder / name;
    cv::imwrite(path, cv::Mat(size, size, CV_8UC3, cv::Scalar::all(gray)));
    return path;
  }
};

inline std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace gato::test

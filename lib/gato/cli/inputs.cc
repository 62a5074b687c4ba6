#include "gato/cli/inputs.h"

#include <glob.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "gato/base/error.h"

namespace gato::cli {
namespace {

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  const int code = glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> paths(found.gl_pathv,
                                 found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (code != 0 && code != GLOB_NOMATCH) {
    throw io_error("{}: cannot read a directory of this pattern", pattern);
  }
  return paths;
}

// Where ":WEIGHT" begins, or the text's size: the weight itself is checked by
// the program that takes one.
size_t weight_position(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) {
    return text.size();
  }
  const bool is_number =
      text.find_first_not_of("0123456789.eE+-", colon + 1) == std::string::npos;
  return is_number ? colon : text.size();
}

}  // namespace

std::vector<std::string> expand_globs(const std::vector<std::string>& texts) {
  std::vector<std::string> paths;
  for (const std::string& text : texts) {
    std::error_code ignored;
    if (text.find_first_of("*?[") == std::string::npos ||
        std::filesystem::exists(text, ignored)) {
      paths.push_back(text);
      continue;
    }
    const size_t weight = weight_position(text);
    const std::vector<std::string> found = matches(text.substr(0, weight));
    if (found.empty()) throw io_error("{}: no file matches", text);
    for (const std::string& path : found) {
      paths.push_back(path + text.substr(weight));
    }
  }
  return paths;
}

std::vector<std::string> read_file_list(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& stream = path == "-" ? std::cin : file;
  if (!stream) {
    throw io_error("{}: cannot read the list of files: {}", path,
                   std::strerror(errno));
  }
  std::vector<std::string> names;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (stream.bad()) throw io_error("{}: cannot read the list of files", path);
  return names;
}

}  // namespace gato::cli

// An operand is expanded in two steps, as in a shell: braces first, then glob
// characters in each result. A text that names an existing file is never
// expanded, so file names may contain any of these characters.
//
// expand_braces() recurses. It finds the first brace that can be expanded and
// combines the text before it with every expansion of every alternative and
// with every expansion of the text after it.
#include "gato/base/file_patterns.h"

#include <glob.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string_view>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/parse_number.h"

namespace gato::base {
namespace {

std::string read_standard_input() {
  std::ostringstream text;
  if (std::cin.peek() != std::istream::traits_type::eof()) {
    text << std::cin.rdbuf();
  }
  if (std::cin.bad() || text.fail()) {
    throw io_error("-: cannot read standard input");
  }
  return std::move(text).str();
}

std::vector<std::string> glob_without_globstar(const std::string& pattern) {
  glob_t matches{};
  const int code = glob(pattern.c_str(), 0, nullptr, &matches);
  std::vector<std::string> paths(matches.gl_pathv,
                                 matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  if (code != 0 && code != GLOB_NOMATCH) {
    throw io_error("{}: cannot read a directory that this pattern names",
                   pattern);
  }
  return paths;
}

// Returns the offset of the first component "**" of a pattern, or npos.
size_t find_globstar(const std::string& pattern) {
  for (size_t at = pattern.find("**"); at != std::string::npos;
       at = pattern.find("**", at + 1)) {
    const bool is_start = at == 0 || pattern[at - 1] == '/';
    const bool is_end = at + 2 == pattern.size() || pattern[at + 2] == '/';
    if (is_start && is_end) {
      return at;
    }
  }
  return std::string::npos;
}

std::string escape_glob_characters(const std::string& path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

// Returns the directories below `directory` (empty: the working directory), at
// any depth, with a slash at the end, and `directory` itself unchanged. As in
// bash, hidden directories are left out, and links are not followed.
std::vector<std::string> find_directories(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::string> directories{directory};
  try {
    fs::recursive_directory_iterator entry(
        directory.empty() ? "." : directory,
        fs::directory_options::skip_permission_denied);
    for (; entry != fs::recursive_directory_iterator(); ++entry) {
      if (entry->is_symlink() || !entry->is_directory()) {
        continue;
      }
      if (entry->path().filename().string().starts_with('.')) {
        entry.disable_recursion_pending();
        continue;
      }
      const std::string path = entry->path().string();
      directories.push_back((directory.empty() ? path.substr(2) : path) + "/");
    }
  } catch (const fs::filesystem_error& error) {
    throw io_error("{}: cannot read this directory: {}", error.path1().string(),
                   error.code().message());
  }
  return directories;
}

// Expands a pattern as bash does with its option globstar: a component "**"
// matches any number of directories, or none, and at the end everything below.
std::vector<std::string> glob_matches(const std::string& pattern) {
  const size_t globstar = find_globstar(pattern);
  if (globstar == std::string::npos) {
    return glob_without_globstar(pattern);
  }
  std::vector<std::string> roots{""};
  if (globstar > 0) {
    roots = glob_without_globstar(pattern.substr(0, globstar));
  }
  const std::string rest =
      globstar + 3 < pattern.size() ? pattern.substr(globstar + 3) : "*";
  std::vector<std::string> paths;
  for (const std::string& root : roots) {
    for (const std::string& directory : find_directories(root)) {
      for (std::string& path :
           glob_matches(escape_glob_characters(directory) + rest)) {
        paths.push_back(std::move(path));
      }
    }
  }
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

// Returns the offset at which ":WEIGHT" begins, or the size of the text if
// there is none. The program that accepts weights validates the number.
size_t weight_offset(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) {
    return text.size();
  }
  const bool is_number =
      text.find_first_not_of("0123456789.eE+-", colon + 1) == std::string::npos;
  return is_number ? colon : text.size();
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void add_matches(const std::string& text, std::vector<std::string>& paths) {
  if (text.find_first_of("*?[") == std::string::npos || exists(text)) {
    paths.push_back(text);
    return;
  }
  const size_t weight = weight_offset(text);
  const std::vector<std::string> found = glob_matches(text.substr(0, weight));
  if (found.empty()) {
    throw io_error("{}: no file matches", text);
  }
  for (const std::string& path : found) {
    paths.push_back(path + text.substr(weight));
  }
}

// too_many_expansions_error() states this number, too.
constexpr size_t kMaxExpansions = 1'000'000;

Error too_many_expansions_error(const std::string& text) {
  return usage_error("{}: the braces expand to more than a million names",
                     text);
}

// Returns the offset of the brace that closes the one at `open`, or npos if
// there is none.
size_t find_closing_brace(const std::string& text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') {
      ++depth;
    }
    if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string::npos;
}

bool is_range_bound(const std::string& text) {
  constexpr size_t kMaxDigits = 15;
  return text.size() <= kMaxDigits && is_digits(text);
}

// Expands an ascending or descending range such as "8..11". Returns nothing if
// the text is not a range.
std::vector<std::string> expand_range(const std::string& text) {
  const size_t dots = text.find("..");
  if (dots == std::string::npos) {
    return {};
  }
  const std::string first = text.substr(0, dots), last = text.substr(dots + 2);
  if (!is_range_bound(first) || !is_range_bound(last)) {
    return {};
  }
  const bool is_padded = (first.size() > 1 && first[0] == '0') ||
                         (last.size() > 1 && last[0] == '0');
  const size_t width = is_padded ? std::max(first.size(), last.size()) : 0;
  const int64_t from = std::stoll(first), to = std::stoll(last);
  if (std::abs(to - from) >= static_cast<int64_t>(kMaxExpansions)) {
    throw too_many_expansions_error("{" + text + "}");
  }
  std::vector<std::string> parts;
  const int64_t step = to < from ? -1 : 1;
  for (int64_t i = from; i != to + step; i += step) {
    parts.push_back(fmt::format("{:0{}}", i, width));
  }
  return parts;
}

// Returns the alternatives of the text between two braces, which is a list or a
// range. Returns nothing if it is neither.
std::vector<std::string> brace_alternatives(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += (c == '{') - (c == '}');
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() > 1) {
    return parts;
  }
  return expand_range(text);
}

}  // namespace

std::string path_without_weight(const std::string& operand) {
  return exists(operand) ? operand : operand.substr(0, weight_offset(operand));
}

std::vector<std::string> expand_braces(const std::string& text) {
  for (size_t open = text.find('{'); open != std::string::npos;
       open = text.find('{', open + 1)) {
    const size_t close = find_closing_brace(text, open);
    if (close == std::string::npos) {
      continue;
    }
    const auto parts =
        brace_alternatives(text.substr(open + 1, close - open - 1));
    if (parts.empty()) {
      continue;
    }
    std::vector<std::string> all;
    const auto suffixes = expand_braces(text.substr(close + 1));
    for (const std::string& part : parts) {
      for (const std::string& middle : expand_braces(part)) {
        for (const std::string& suffix : suffixes) {
          if (all.size() == kMaxExpansions) {
            throw too_many_expansions_error(text);
          }
          all.push_back(text.substr(0, open) + middle + suffix);
        }
      }
    }
    return all;
  }
  return {text};
}

std::vector<std::string> expand_patterns(
    const std::vector<std::string>& texts) {
  std::vector<std::string> paths;
  for (const std::string& text : texts) {
    if (exists(text)) {
      paths.push_back(text);
      continue;
    }
    for (const std::string& pattern : expand_braces(text)) {
      add_matches(pattern, paths);
    }
  }
  return paths;
}

std::vector<std::string> read_file_list(const std::string& path) {
  std::string text = path == "-" ? read_standard_input() : read_file(path);
  if (constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
      text.starts_with(kByteOrderMark)) {
    text.erase(0, kByteOrderMark.size());
  }
  const char separator = text.find('\0') == std::string::npos ? '\n' : '\0';
  std::vector<std::string> names;
  std::istringstream names_in(text);
  for (std::string name; std::getline(names_in, name, separator);) {
    if (separator == '\n' && name.ends_with('\r')) {
      name.pop_back();
    }
    if (!name.empty()) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace gato::base

// Checks of HTML pages.
#pragma once

#include <cctype>
#include <string>
#include <vector>

namespace gato::test {

// Returns what is wrong with a page: tags that are not closed or closed in the
// wrong order, or anything that is loaded from elsewhere. Returns an empty
// string if nothing is.
inline std::string find_html_fault(const std::string& page) {
  std::vector<std::string> open;
  for (size_t i = page.find('<'); i != std::string::npos;
       i = page.find('<', i)) {
    const bool is_end = page[i + 1] == '/';
    size_t name_end = i + 1 + is_end;
    while (std::isalnum(static_cast<unsigned char>(page[name_end])) != 0) {
      ++name_end;
    }
    const std::string name =
        page.substr(i + 1 + is_end, name_end - i - 1 - is_end);
    // The values of attributes have no '>', which is escaped.
    const size_t end = page.find('>', name_end);
    if (end == std::string::npos) {
      return "a tag is not complete: " + page.substr(i, 40);
    }
    const bool is_void = page[end - 1] == '/' || page[i + 1] == '!' ||
                         name == "meta" || name == "img" || name == "input";
    const std::string tag = page.substr(i, end - i + 1);
    i = end + 1;
    if (is_end) {
      if (open.empty() || open.back() != name) {
        return "</" + name + "> closes " +
               (open.empty() ? "nothing" : open.back());
      }
      open.pop_back();
    } else if (!is_void) {
      open.push_back(name);
    }
    if (!is_end && (name == "script" || name == "style")) {
      i = page.find("</" + name, i);
      if (i == std::string::npos) {
        return "<" + name + "> is not closed";
      }
    }
    for (const char* attribute : {"src=\"", "href=\""}) {
      const size_t at = tag.find(attribute);
      if (at != std::string::npos) {
        const std::string value =
            tag.substr(at + std::string(attribute).size());
        if (!value.starts_with("data:") && !value.starts_with("#")) {
          return "it loads " + value;
        }
      }
    }
  }
  if (!open.empty()) {
    return "<" + open.back() + "> is not closed";
  }
  return page.find("http") == std::string::npos ? "" : "it contains http";
}

}  // namespace gato::test

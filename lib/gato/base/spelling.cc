#include "gato/base/spelling.h"

#include <algorithm>

namespace gato::base {
namespace {

bool is_same_folded(char a, char b) {
  const auto fold = [](char c) { return c == '_' ? '-' : c; };
  return fold(a) == fold(b);
}

// Returns the optimal string alignment distance. Of the dynamic programming
// table, only the last three rows are stored.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    previous[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({previous[j] + 1, row[j - 1] + 1,
                    previous[j - 1] + !is_same_folded(a[i - 1], b[j - 1])});
      if (i > 1 && j > 1 && is_same_folded(a[i - 1], b[j - 2]) &&
          is_same_folded(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(previous);
    previous.swap(row);
  }
  return previous[b.size()];
}

// Returns the shortest name that begins with the text; empty if there is none.
std::string shortest_continuation(std::string_view text,
                                  const std::vector<std::string>& names) {
  std::string shortest;
  for (const std::string& name : names) {
    if (name.size() >= text.size() &&
        std::ranges::equal(text, name.substr(0, text.size()), is_same_folded) &&
        (shortest.empty() || name.size() < shortest.size())) {
      shortest = name;
    }
  }
  return shortest;
}

}  // namespace

std::string closest_name(std::string_view text,
                         const std::vector<std::string>& names) {
  constexpr size_t kMinPrefix = 3;
  std::string closest;
  size_t min_distance = std::string_view::npos;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(text, name);
    const size_t limit =
        std::max<size_t>(2, std::max(text.size(), name.size()) / 3);
    const bool shares_nothing = distance >= std::max(text.size(), name.size());
    if (distance <= limit && !shares_nothing && distance < min_distance) {
      min_distance = distance;
      closest = name;
    }
  }
  if (min_distance > 1 && text.size() >= kMinPrefix) {
    const std::string continuation = shortest_continuation(text, names);
    return continuation.empty() ? closest : continuation;
  }
  return closest;
}

std::string suggestion(std::string_view text,
                       const std::vector<std::string>& names) {
  const std::string name = closest_name(text, names);
  return name.empty() ? "" : "; did you mean '" + name + "'?";
}

}  // namespace gato::base

#include "gato/data/image.h"

#include <algorithm>
#include <string_view>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"

namespace gato::data {

Resize parse_resize(const std::string& text, const std::string& label) {
  if (text.empty()) {
    return {};
  }
  const size_t cross = text.find('x');
  if (cross == std::string::npos) {
    throw base::usage_error("{}: '{}' is not HxW, for example 64x80", label,
                            text);
  }
  const auto height = base::parse_number<int64_t>(
      std::string_view(text).substr(0, cross), label + ": the height");
  const auto width = base::parse_number<int64_t>(
      std::string_view(text).substr(cross + 1), label + ": the width");
  constexpr int64_t kMaxSide = 16384;
  if (std::min(height, width) < 1 || std::max(height, width) > kMaxSide) {
    throw base::usage_error("{}: the sides of '{}' are not between 1 and {}",
                            label, text, kMaxSide);
  }
  return {static_cast<int>(height), static_cast<int>(width)};
}

}  // namespace gato::data

#include "gato/data/tokens.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace gato::data {
namespace {

// First and last+1 of item i of n, quantised to 128: round(128 i / n).
std::pair<uint8_t, uint8_t> quantized_interval(int i, int n) {
  const auto edge = [n](int position) {
    return static_cast<int>(std::floor((256.0 * position + n) / (2.0 * n)));
  };
  const int first = std::min(edge(i), 127);
  return {static_cast<uint8_t>(first),
          static_cast<uint8_t>(std::max(edge(i + 1), first + 1))};
}

}  // namespace

TokenFeatures::PatchInterval patch_interval(int row, int column, int rows,
                                            int columns) {
  assert(row >= 0 && row < rows && column >= 0 && column < columns);
  const auto [first_row, end_row] = quantized_interval(row, rows);
  const auto [first_column, end_column] = quantized_interval(column, columns);
  return {first_row, end_row, first_column, end_column};
}

TokenFeatures make_token_features(const TokenizedDocument& document,
                                  int64_t begin, int64_t end) {
  assert(0 <= begin && begin <= end &&
         end <= static_cast<int64_t>(document.tokens.size()));
  const auto count = static_cast<size_t>(end - begin);
  TokenFeatures features;
  features.tokens.assign(document.tokens.begin() + begin,
                         document.tokens.begin() + end);
  features.modality.assign(document.modality.begin() + begin,
                           document.modality.begin() + end);
  features.local_position.assign(count, TokenFeatures::kNoLocalPosition);
  features.interval.assign(count, {});

  if (document.is_episode) {
    auto step = std::upper_bound(document.step_offset.begin(),
                                 document.step_offset.end(), begin);
    int16_t position = 0;
    for (size_t i = 0; i < count; ++i) {
      if (step != document.step_offset.end() &&
          begin + static_cast<int64_t>(i) == *step) {
        position = 0;
        // Steps that hold no token share an offset.
        while (step != document.step_offset.end() &&
               *step <= begin + static_cast<int64_t>(i)) {
          ++step;
        }
      }
      if (is_action(features.modality[i])) {
        features.local_position[i] = TokenFeatures::kActionLocalPosition;
      } else if (features.modality[i] != Modality::separator) {
        features.local_position[i] = position;
        if (position + 1 < TokenFeatures::kLocalPositionCount) ++position;
      }
    }
  }

  auto image = std::lower_bound(
      document.images.begin(), document.images.end(), begin,
      [](const TokenizedImage& candidate, int64_t token) {
        return candidate.first_token + candidate.rows * candidate.columns <=
               token;
      });
  for (; image != document.images.end() && image->first_token < end; ++image) {
    for (int row = 0; row < image->rows; ++row) {
      for (int column = 0; column < image->columns; ++column) {
        const int64_t token =
            image->first_token + row * image->columns + column;
        if (token < begin || token >= end) continue;
        features.interval[static_cast<size_t>(token - begin)] =
            patch_interval(row, column, image->rows, image->columns);
      }
    }
  }
  return features;
}

}  // namespace gato::data

#include "gato/data/tokens.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <utility>

namespace gato::data {
namespace {

// Returns {begin, end} of item i of n, quantized to 128 levels. Edge i is
// round(128 i / n) = floor((256 i + n) / 2n). If n > 128, the interval could be
// empty; it is then extended to the next level.
std::pair<uint8_t, uint8_t> quantized_interval(int i, int n) {
  const auto edge = [n](int position) {
    return static_cast<int>(std::floor((256.0 * position + n) / (2.0 * n)));
  };
  const int first = std::min(edge(i), 127);
  return {static_cast<uint8_t>(first),
          static_cast<uint8_t>(std::max(edge(i + 1), first + 1))};
}

// Sets the local positions: observation tokens are numbered from 0 within their
// step, and action tokens all get the same position (Reed et al. 2022, appendix
// C.3). Token 0 of `row` is token `begin` of the document, which starts a step.
void set_local_positions(const TokenizedDocument& document, int64_t begin,
                         TokenRow& row) {
  auto step = std::upper_bound(document.step_offset.begin(),
                               document.step_offset.end(), begin);
  int16_t position = 0;
  for (int64_t i = 0; i < row.size(); ++i) {
    // Consecutive steps without tokens have the same offset.
    while (step != document.step_offset.end() && *step <= begin + i) {
      position = 0;
      ++step;
    }
    if (is_action(row.modality[i])) {
      row.local_position[i] = TokenRow::kActionLocalPosition;
    } else if (row.modality[i] != Modality::separator) {
      row.local_position[i] = position;
      if (position + 1 < TokenRow::kLocalPositionCount) {
        ++position;
      }
    }
  }
}

// Sets the interval of each patch token. Images are in the order of their
// tokens, so the search starts at the first one that ends after `begin`.
void set_patch_intervals(const TokenizedDocument& document, int64_t begin,
                         TokenRow& row) {
  const int64_t end = begin + row.size();
  auto image = std::lower_bound(
      document.images.begin(), document.images.end(), begin,
      [](const TokenizedImage& candidate, int64_t token) {
        return candidate.first_token + candidate.rows * candidate.columns <=
               token;
      });
  for (; image != document.images.end() && image->first_token < end; ++image) {
    for (int y = 0; y < image->rows; ++y) {
      for (int x = 0; x < image->columns; ++x) {
        const int64_t token = image->first_token + y * image->columns + x;
        if (token < begin || token >= end) {
          continue;
        }
        row.interval[token - begin] =
            patch_interval(y, x, image->rows, image->columns);
      }
    }
  }
}

}  // namespace

void TokenRow::reserve(int64_t size) {
  tokens.reserve(size);
  modality.reserve(size);
  local_position.reserve(size);
  interval.reserve(size);
}

void TokenRow::resize(int64_t size) {
  tokens.resize(size, 0);
  modality.resize(size, Modality::padding);
  local_position.resize(size, kNoLocalPosition);
  interval.resize(size);  // a fill with {} is many times slower
}

void TokenRow::push_back(int32_t token, Modality modality_of_token,
                         int16_t local_position_of_token,
                         const PatchInterval& interval_of_token) {
  tokens.push_back(token);
  modality.push_back(modality_of_token);
  local_position.push_back(local_position_of_token);
  interval.push_back(interval_of_token);
}

int32_t TokenRow::add_patch(const Patch& patch) {
  patches.push_back(patch);
  return patch_token(std::ssize(patches) - 1);
}

void TokenRow::append(const TokenRow& other, int64_t begin, int64_t end) {
  assert(0 <= begin && begin <= end && end <= other.size());
  for (int64_t i = begin; i < end; ++i) {
    const int32_t token = other.tokens[i];
    push_back(
        is_patch(token) ? add_patch(other.patches[patch_index(token)]) : token,
        other.modality[i], other.local_position[i], other.interval[i]);
  }
}

TokenRow::PatchInterval patch_interval(int row, int column, int rows,
                                       int columns) {
  assert(row >= 0 && row < rows && column >= 0 && column < columns);
  const auto [first_row, end_row] = quantized_interval(row, rows);
  const auto [first_column, end_column] = quantized_interval(column, columns);
  return {first_row, end_row, first_column, end_column};
}

TokenRow make_token_row(const TokenizedDocument& document, int64_t begin,
                        int64_t end) {
  assert(0 <= begin && begin <= end && end <= std::ssize(document.tokens));
  const auto count = static_cast<size_t>(end - begin);
  TokenRow row;
  row.tokens.assign(document.tokens.begin() + begin,
                    document.tokens.begin() + end);
  row.modality.assign(document.modality.begin() + begin,
                      document.modality.begin() + end);
  row.local_position.assign(count, TokenRow::kNoLocalPosition);
  row.interval.resize(count);
  if (document.is_episode) {
    set_local_positions(document, begin, row);
  }
  set_patch_intervals(document, begin, row);
  return row;
}

}  // namespace gato::data

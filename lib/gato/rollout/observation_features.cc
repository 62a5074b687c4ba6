#include "gato/rollout/observation_features.h"

#include <algorithm>
#include <cmath>

#include "gato/tokenize/image_patches.h"

namespace gato::rollout {
namespace {

constexpr int kCells = 8;  // per side of the grid
constexpr int64_t kImageNumbers = int64_t{3} * kCells * kCells;

int64_t number_count(const data::Field& field) {
  switch (field.role) {
    case data::Role::text:
      return 0;
    case data::Role::image:
      return kImageNumbers;
    default:
      return data::element_count(field.shape);
  }
}

// Writes the means of the cells, row by row, as red, green and blue. Cell i of
// 8 covers the pixels from floor(i * size / 8) to ceil((i + 1) * size / 8), so
// that none is empty.
void write_cell_means(const tokenize::ImageView& image, double* means) {
  const auto bounds = [](int cell, int size) {
    return std::pair((cell * size) / kCells,
                     ((cell + 1) * size + kCells - 1) / kCells);
  };
  for (int i = 0; i < kCells; ++i) {
    const auto [top, bottom] = bounds(i, image.height);
    for (int j = 0; j < kCells; ++j) {
      const auto [left, right] = bounds(j, image.width);
      int64_t sums[3] = {};
      for (int y = top; y < bottom; ++y) {
        const uint8_t* pixel =
            image.pixels + 3 * (int64_t{y} * image.width + left);
        for (int x = left; x < right; ++x, pixel += 3) {
          sums[0] += pixel[0];
          sums[1] += pixel[1];
          sums[2] += pixel[2];
        }
      }
      const double area = 1.0 * (bottom - top) * (right - left);
      for (const int64_t sum : sums) {
        *means++ = static_cast<double>(sum) / area;
      }
    }
  }
}

}  // namespace

ObservationFeatures::ObservationFeatures(const data::TaskSpec& task)
    : fields_(task.observation_fields) {
  for (const data::Field& field : fields_) {
    width_ += number_count(field);
    text_count_ += field.role == data::Role::text;
  }
}

std::string ObservationFeatures::extract_row(
    const data::FieldValues& observation, std::span<double> row) const {
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (fields_[f].role == data::Role::text) {
      continue;
    }
    const auto& array = std::get<data::Array>(observation[f]);
    const std::span<double> numbers =
        row.first(static_cast<size_t>(number_count(fields_[f])));
    row = row.subspan(numbers.size());
    if (fields_[f].role != data::Role::image) {
      array.copy_doubles(0, numbers);
      if (!std::ranges::all_of(numbers,
                               [](double x) { return std::isfinite(x); })) {
        return fields_[f].name;
      }
    } else if (const auto view = tokenize::as_image_view(array)) {
      write_cell_means(*view, numbers.data());
    } else {
      write_cell_means(tokenize::to_image(array), numbers.data());
    }
  }
  return "";
}

std::vector<std::string> ObservationFeatures::extract_texts(
    const data::FieldValues& observation) const {
  std::vector<std::string> texts;
  for (const data::FieldValue& value : observation) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      texts.push_back(*text);
    }
  }
  return texts;
}

}  // namespace gato::rollout

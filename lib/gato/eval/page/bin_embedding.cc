// The principal components are found by power iteration: repeatedly
// multiplying a vector by the covariance turns it toward the direction of the
// largest variance. The second one is kept orthogonal to the first.
#include "gato/eval/page/bin_embedding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gato/eval/charts.h"
#include "gato/eval/page/view_page.h"
#include "gato/eval/svg.h"
#include "gato/tokenize/mu_law.h"

namespace gato::eval {
namespace {

constexpr int kIterations = 200;

double dot(const double* a, const double* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

void normalize(std::vector<double>& v) {
  const double length = std::sqrt(dot(v.data(), v.data(), v.size()));
  for (double& x : v) {
    x = length > 0 ? x / length : 0;
  }
}

std::vector<double> centered(const std::vector<float>& vectors, size_t width) {
  const size_t rows = vectors.size() / width;
  std::vector<double> values(vectors.begin(), vectors.end());
  for (size_t c = 0; c < width; ++c) {
    double sum = 0;
    for (size_t r = 0; r < rows; ++r) {
      sum += values[r * width + c];
    }
    for (size_t r = 0; r < rows; ++r) {
      values[r * width + c] -= sum / static_cast<double>(rows);
    }
  }
  return values;
}

// Returns the direction of the largest variance that is orthogonal to `other`,
// unless that is empty.
std::vector<double> main_direction(const std::vector<double>& values,
                                   size_t width,
                                   const std::vector<double>& other) {
  const size_t rows = values.size() / width;
  std::vector<double> direction(width), next(width);
  for (size_t i = 0; i < width; ++i) {  // arbitrary, but always the same
    direction[i] = std::sin(static_cast<double>(i + 1) * 12.9898);
  }
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    if (!other.empty()) {
      const double part = dot(direction.data(), other.data(), width);
      for (size_t i = 0; i < width; ++i) {
        direction[i] -= part * other[i];
      }
    }
    normalize(direction);
    std::ranges::fill(next, 0);
    for (size_t r = 0; r < rows; ++r) {
      const double* row = &values[r * width];
      const double projection = dot(row, direction.data(), width);
      for (size_t i = 0; i < width; ++i) {
        next[i] += projection * row[i];
      }
    }
    std::swap(direction, next);
  }
  normalize(direction);
  return direction;
}

// Returns a color between blue for the first and orange for the last bin.
std::string bin_color(double share) {
  const auto mix = [share](double from, double to) {
    return static_cast<int>(std::lround(from + (to - from) * share));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(0, 230), mix(114, 159),
                     mix(178, 0));
}

std::string component_map(const PrincipalComponents& components) {
  double low_x = 0, high_x = 0, low_y = 0, high_y = 0;
  for (const auto& [x, y] : components.coordinates) {
    low_x = std::min(low_x, x);
    high_x = std::max(high_x, x);
    low_y = std::min(low_y, y);
    high_y = std::max(high_y, y);
  }
  // One scale for both directions.
  const double scale = 400 / std::max({high_x - low_x, high_y - low_y, 1e-12});
  const double height = (high_y - low_y) * scale + 20;
  Svg svg(420, height, "Principal components of the embeddings of bins");
  const auto bins = static_cast<double>(components.coordinates.size());
  for (size_t k = 0; k < components.coordinates.size(); ++k) {
    const auto [x, y] = components.coordinates[k];
    const double value =
        tokenize::mu_law_decode(tokenize::bin_center(static_cast<int32_t>(k)));
    svg.rectangle(8 + (x - low_x) * scale, height - 12 - (y - low_y) * scale, 4,
                  4, bin_color(static_cast<double>(k) / bins),
                  fmt::format("bin {}, value {}", k, short_number(value)));
  }
  std::string html = svg.str();
  html.replace(0, 4, "<svg class=\"square\"");
  return html;
}

}  // namespace

PrincipalComponents principal_components(const std::vector<float>& vectors,
                                         int64_t width) {
  const auto columns = static_cast<size_t>(width);
  const std::vector<double> values = centered(vectors, columns);
  const std::vector<double> first = main_direction(values, columns, {});
  const std::vector<double> second = main_direction(values, columns, first);
  PrincipalComponents components;
  double explained = 0;
  for (size_t r = 0; r < values.size(); r += columns) {
    const double x = dot(&values[r], first.data(), columns);
    const double y = dot(&values[r], second.data(), columns);
    components.coordinates.emplace_back(x, y);
    explained += x * x + y * y;
  }
  const double all = dot(values.data(), values.data(), values.size());
  components.explained = all > 0 ? explained / all : 0;
  return components;
}

std::vector<double> neighbor_similarity(const std::vector<float>& vectors,
                                        int64_t width, int64_t distance) {
  const auto columns = static_cast<size_t>(width);
  const std::vector<double> values(vectors.begin(), vectors.end());
  std::vector<double> similarities;
  const size_t step = static_cast<size_t>(distance) * columns;
  for (size_t r = 0; r + step < values.size(); r += columns) {
    const double* a = &values[r];
    const double* b = a + step;
    const double lengths = std::sqrt(dot(a, a, columns) * dot(b, b, columns));
    similarities.push_back(lengths > 0 ? dot(a, b, columns) / lengths : 0);
  }
  return similarities;
}

std::string bin_embedding_html(const std::vector<float>& vectors,
                               int64_t width) {
  const PrincipalComponents components = principal_components(vectors, width);
  std::vector<Series> series;
  for (const int64_t distance : {1, 8, 64}) {
    Series one{fmt::format("{} apart", distance), {}};
    const std::vector<double> similarities =
        neighbor_similarity(vectors, width, distance);
    constexpr size_t kAveraged = 8;
    for (size_t k = 0; k + kAveraged <= similarities.size(); k += kAveraged) {
      double sum = 0;
      for (size_t i = 0; i < kAveraged; ++i) {
        sum += similarities[k + i];
      }
      one.points.emplace_back(
          static_cast<double>(k) + static_cast<double>(distance) / 2,
          sum / kAveraged);
    }
    series.push_back(std::move(one));
  }
  return fmt::format(
      "<p>Each point is the embedding of one of the 1,024 bins of continuous "
      "values, from blue (the lowest) to orange (the highest), along the two "
      "directions in which they differ most, which explain {:.0f} % of the "
      "variance. A line that the colors follow is a number line that the model "
      "has learned; bins that no data reached remain a cloud. Below it is the "
      "cosine similarity of bins that are 1, 8 or 64 apart.</p>\n{}{}",
      100 * components.explained, component_map(components),
      line_chart(series, "bin", "cosine similarity"));
}

}  // namespace gato::eval

#include "gato/eval/training_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/eval/charts.h"
#include "gato/eval/json_lines.h"

namespace gato::eval {
namespace {

constexpr size_t kMaxPoints = 400;

bool has_number(const nlohmann::json& object, const char* key) {
  return object.contains(key) && object[key].is_number();
}

}  // namespace

std::vector<std::pair<double, double>> downsample(
    const std::vector<std::pair<double, double>>& points, size_t max_points) {
  const size_t group = (points.size() + max_points - 1) / max_points;
  std::vector<std::pair<double, double>> averaged;
  for (size_t i = 0; i < points.size(); i += group) {
    const size_t end = std::min(points.size(), i + group);
    double x = 0, y = 0;
    for (size_t j = i; j < end; ++j) {
      x += points[j].first;
      y += points[j].second;
    }
    const auto count = static_cast<double>(end - i);
    averaged.emplace_back(x / count, y / count);
  }
  return averaged;
}

HtmlSection training_section(const std::filesystem::path& metrics_file) {
  Series loss{"loss", {}};
  for_each_json_line(metrics_file, [&loss](nlohmann::json& line) {
    if (has_number(line, "step") && has_number(line, "loss")) {
      loss.points.emplace_back(line["step"].get<double>(),
                               line["loss"].get<double>());
    }
  });
  if (loss.points.empty()) {
    throw base::input_error("{}: no line contains both a step and a loss",
                            metrics_file.string());
  }
  const auto [last_step, last_loss] = loss.points.back();
  const std::string text =
      fmt::format("<p class=\"note\">{:.0f} steps, last loss {:.4f}.</p>\n",
                  last_step, last_loss);
  loss.points = downsample(loss.points, kMaxPoints);
  return {"Training", line_chart({loss}, "step", "loss") + text};
}

}  // namespace gato::eval

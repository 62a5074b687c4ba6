#include "gato/eval/few_shot_file.h"

#include <nlohmann/json.hpp>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/file_format.h"
#include "gato/data/json_fields.h"

namespace gato::eval {
namespace {

using nlohmann::json;

std::optional<double> optional_number_at(const json& object, const char* key) {
  if (!data::has_value(object, key)) {
    return {};
  }
  return data::number_at(object, key);
}

int64_t count_at(const json& object, const char* key) {
  const int64_t count = data::integer_at(object, key);
  if (count < 0) {
    throw base::input_error("key '{}' is {}, which is negative", key, count);
  }
  return count;
}

// Returns whether a string is `first`; throws if it is not `second` either.
bool is_first_choice(const json& object, const char* key, const char* first,
                     const char* second) {
  const std::string& text = data::string_at(object, key);
  if (text != first && text != second) {
    throw base::input_error("key '{}' is {}, not \"{}\" or \"{}\"", key,
                            data::summarize_json(text), first, second);
  }
  return text == first;
}

FewShotPoint parse_point(const json& object) {
  FewShotPoint point;
  point.episodes = count_at(object, "episodes");
  point.repeat = count_at(object, "repeat");
  point.steps = count_at(object, "steps");
  for (const json& value : data::array_at(object, "returns")) {
    if (!value.is_null() && !value.is_number()) {
      throw data::json_type_error("a value of key 'returns'", value,
                                  "a number");
    }
    point.returns.push_back(
        value.is_null() ? std::nullopt : std::optional(value.get<double>()));
  }
  point.best_return = optional_number_at(object, "return");
  point.score = optional_number_at(object, "score");
  return point;
}

FewShotSummary parse_summary(const json& object) {
  FewShotSummary summary;
  summary.episodes = count_at(object, "episodes");
  summary.runs = count_at(object, "runs");
  if (data::has_value(object, "mean")) {
    summary.mean = data::number_at(object, "mean");
    summary.low = data::number_at(object, "low");
    summary.high = data::number_at(object, "high");
  }
  return summary;
}

FewShotCurve parse_curve(const json& object) {
  FewShotCurve curve;
  curve.name = data::string_at(object, "name");
  for (const json& point : data::array_at(object, "points")) {
    curve.points.push_back(parse_point(point));
  }
  for (const json& summary : data::array_at(object, "summary")) {
    curve.summary.push_back(parse_summary(summary));
  }
  return curve;
}

}  // namespace

FewShotReport load_few_shot_report(const std::filesystem::path& path) {
  const std::string text = base::read_file(path);
  const json document = base::with_context(
      path, [&text] { return data::parse_lenient_json(text); });
  data::check_format(document, data::kFewShotFormat, path.string());
  return base::with_context(path, [&document] {
    FewShotReport report;
    report.task = data::string_at(document, "task");
    report.metric = is_first_choice(document, "metric", "success", "return")
                        ? Metric::success
                        : Metric::mean_return;
    report.has_scores = is_first_choice(document, "unit", "score", "return");
    report.random = optional_number_at(document, "random");
    report.expert = optional_number_at(document, "expert");
    const json& seed = data::value_at(document, "seed");
    if (!seed.is_number_unsigned()) {
      throw data::json_type_error("key 'seed'", seed, "a non-negative integer");
    }
    report.seed = seed.get<uint64_t>();
    report.resamples = count_at(document, "resamples");
    for (const json& curve : data::array_at(document, "curves")) {
      report.curves.push_back(
          base::with_context(fmt::format("curve {}", report.curves.size()),
                             [&curve] { return parse_curve(curve); }));
    }
    return report;
  });
}

}  // namespace gato::eval

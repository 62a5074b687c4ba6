// A run is recognized by the name of its directory. Its evaluations are the
// lines of metrics.jsonl with the key "evaluation", which need not be in
// ascending order of steps, because they are made alongside training.
#include "gato/eval/few_shot_runs.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/toml_reader.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/json_fields.h"
#include "gato/eval/json_lines.h"
#include "gato/ingest/episodes/dataset_search.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kMetricsFile = "metrics.jsonl";
constexpr const char* kDemonstrationsAttribute = "gato_demonstrations";

// The number of demonstrations and the repeat in the name of a run.
struct RunName {
  int64_t episodes, repeat;
};

std::optional<RunName> parse_run_name(const fs::path& path) {
  static const std::regex pattern(
      "episodes-([0-9]{1,15})-repeat-([0-9]{1,15})");
  const std::string name = path.filename().string();
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) {
    return std::nullopt;
  }
  return RunName{std::stoll(match[1]), std::stoll(match[2])};
}

// Parses the value of "evaluation". The success rate counts failed episodes as
// without success.
Evaluation parse_evaluation(const json& evaluation, int64_t step,
                            Metric metric) {
  Evaluation result;
  result.step = step;
  const char* const mean_key = metric == Metric::success ? "success" : "mean";
  if (data::has_value(evaluation, mean_key)) {
    result.recorded_mean = data::number_at(evaluation, mean_key);
  }
  if (metric == Metric::success) {
    return result;
  }
  if (data::has_value(evaluation, "failed")) {
    result.failed = data::integer_at(evaluation, "failed");
  }
  if (data::has_value(evaluation, "returns")) {
    const json& returns = evaluation["returns"];
    const bool is_valid =
        returns.is_array() && std::ranges::all_of(returns, &json::is_number);
    if (!is_valid) {
      throw base::input_error("key 'returns' is not a list of numbers");
    }
    result.values = returns.get<std::vector<double>>();
  }
  return result;
}

FewShotRun read_run(const fs::path& path, const RunName& name, Metric metric) {
  FewShotRun run;
  run.path = path;
  run.episodes = name.episodes;
  run.repeat = name.repeat;
  std::map<int64_t, Evaluation> evaluations;  // by step
  for_each_json_line(path / kMetricsFile, [&](json& line) {
    const int64_t step = data::integer_at(line, "step");
    run.steps = std::max(run.steps, step);
    if (!data::has_value(line, "evaluation")) {
      return;
    }
    const json& evaluation = data::object_at(line, "evaluation");
    run.task = data::has_value(evaluation, "task")
                   ? data::string_at(evaluation, "task")
                   : data::string_at(evaluation, "environment");
    evaluations[step] = parse_evaluation(evaluation, step, metric);
  });
  for (auto& [step, evaluation] : evaluations) {
    run.evaluations.push_back(std::move(evaluation));
  }
  const int64_t planned = planned_steps(path);
  if (run.steps < planned) {
    spdlog::warn(
        "{}: {} of {} steps are done, so the score is not final: continue it "
        "with --resume",
        path.string(), run.steps, planned);
  }
  if (std::ssize(run.evaluations) < kMovingMeanLength) {
    spdlog::warn(
        "{}: {} evaluations, but a score is a mean of {}: train for more "
        "steps, or evaluate more often with --eval-every",
        path.string(), run.evaluations.size(), kMovingMeanLength);
  }
  return run;
}

// Returns the runs in a directory, or the directory if it is one.
std::vector<fs::path> find_runs(const fs::path& operand) {
  std::vector<fs::path> runs;
  std::error_code ignored;
  const auto add = [&runs](const fs::path& path) {
    std::error_code ignored;
    if (parse_run_name(path) && fs::exists(path / kMetricsFile, ignored)) {
      runs.push_back(path);
    }
  };
  if (!fs::is_directory(operand, ignored)) {
    return runs;
  }
  // "curve/" and "." have no file name of their own.
  const fs::path canonical = fs::canonical(operand);
  if (parse_run_name(canonical)) {
    add(canonical);
    return runs;
  }
  for (const auto& entry : fs::directory_iterator(operand)) {
    add(entry.path());
  }
  std::ranges::sort(runs);
  return runs;
}

// Throws if the metric is the success and no evaluation reports it.
void require_success_reports(const fs::path& operand,
                             const std::vector<FewShotRun>& runs,
                             Metric metric) {
  if (metric != Metric::success) {
    return;
  }
  for (const FewShotRun& run : runs) {
    for (const Evaluation& evaluation : run.evaluations) {
      if (evaluation.recorded_mean || !evaluation.values.empty()) {
        return;
      }
    }
  }
  throw base::input_error(
      "{}: no episode reports whether it succeeded: omit --metric success",
      operand.string());
}

FewShotInput read_runs(const fs::path& operand,
                       const std::vector<fs::path>& paths, Metric metric) {
  FewShotInput input;
  const fs::path canonical = fs::canonical(operand);
  input.name = (parse_run_name(canonical) ? canonical.parent_path() : canonical)
                   .filename()
                   .string();
  std::string task;
  for (const fs::path& path : paths) {
    input.runs.push_back(read_run(path, *parse_run_name(path), metric));
    input.metrics.push_back(path / kMetricsFile);
    if (task.empty()) {
      task = input.runs.back().task;
    }
  }
  if (task.empty()) {
    throw base::input_error(
        "{}: no run has an evaluation: run gato-finetune with --env",
        operand.string());
  }
  require_success_reports(operand, input.runs, metric);
  for (FewShotRun& run : input.runs) {
    if (run.evaluations.empty()) {
      run.task = task;
    }
  }
  return input;
}

int64_t read_demonstration_count(const DatasetOutcomes& outcomes) {
  const auto count = data::hdf5::open_file(outcomes.hdf5_file)
                         .integer_attribute(kDemonstrationsAttribute);
  if (!count) {
    throw base::input_error(
        "{}: it is neither the output of gato-finetune --episodes nor a "
        "dataset that gato-rollout control --policy nearest has played: it has "
        "no runs episodes-N-repeat-R and no attribute {}",
        outcomes.path.string(), kDemonstrationsAttribute);
  }
  return *count;
}

FewShotInput read_datasets(const fs::path& operand, Metric metric) {
  FewShotInput input;
  input.name = "nearest";
  for (const fs::path& path : ingest::find_datasets(operand)) {
    DatasetOutcomes outcomes = read_dataset_outcomes(path);
    FewShotRun run;
    run.path = path;
    run.task = outcomes.task;
    run.episodes = read_demonstration_count(outcomes);
    run.is_trained = false;
    const bool has_values =
        metric == Metric::mean_return || outcomes.success_report_count() > 0;
    run.evaluations.push_back(
        {.step = 0,
         .values = has_values ? outcomes.values(metric) : std::vector<double>(),
         .failed = outcomes.failed_count(),
         .recorded_mean = {}});
    input.runs.push_back(std::move(run));
    input.datasets.push_back(std::move(outcomes));
  }
  require_success_reports(operand, input.runs, metric);
  return input;
}

}  // namespace

int64_t planned_steps(const fs::path& run) {
  const fs::path path = run / "config.toml";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return 0;
  }
  const toml::table config =
      base::parse_toml(base::read_file(path), path.string());
  const toml::node* steps = config.get("steps");
  return steps == nullptr
             ? 0
             : base::read_toml_value<int64_t>(
                   *steps,
                   fmt::format("{}: line {}: key 'steps'", path.string(),
                               steps->source().begin.line));
}

FewShotInput read_few_shot_input(const fs::path& operand, Metric metric) {
  const std::vector<fs::path> runs = find_runs(operand);
  return runs.empty() ? read_datasets(operand, metric)
                      : read_runs(operand, runs, metric);
}

void append_runs(const std::vector<FewShotRun>& runs, NamedRuns& curve) {
  for (FewShotRun run : runs) {
    if (!run.is_trained) {
      run.repeat =
          1 + std::ranges::count_if(curve.runs, [&](const FewShotRun& other) {
            return !other.is_trained && other.episodes == run.episodes;
          });
    }
    curve.runs.push_back(std::move(run));
  }
}

}  // namespace gato::eval

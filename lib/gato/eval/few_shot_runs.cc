// A run is recognized by the name of its directory. Its evaluations are the
// lines of metrics.jsonl with the key "evaluation", which need not be in
// ascending order of steps, because they are made beside training.
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
#include "gato/data/hdf5.h"
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

// Parses the value of "evaluation".
Evaluation parse_evaluation(const json& evaluation, int64_t step) {
  Evaluation result;
  result.step = step;
  if (data::has_value(evaluation, "failed")) {
    result.failed = data::integer_at(evaluation, "failed");
  }
  if (data::has_value(evaluation, "mean")) {
    result.recorded_mean = data::number_at(evaluation, "mean");
  }
  if (data::has_value(evaluation, "returns")) {
    for (const json& value : evaluation["returns"]) {
      if (!value.is_number()) {
        throw base::input_error("key 'returns': is not a list of numbers");
      }
      result.returns.push_back(value.get<double>());
    }
  }
  return result;
}

// Returns the number of steps that the run was to take, as its configuration
// says; 0 if there is none.
int64_t planned_steps(const fs::path& run) {
  const fs::path path = run / "config.toml";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return 0;
  }
  const toml::table config =
      base::parse_toml(base::read_file(path), path.string());
  return config["steps"].value_or(int64_t{0});
}

FewShotRun read_run(const fs::path& path, const RunName& name) {
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
    evaluations[step] = parse_evaluation(evaluation, step);
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

FewShotInput read_runs(const fs::path& operand,
                       const std::vector<fs::path>& paths) {
  FewShotInput input;
  const fs::path canonical = fs::canonical(operand);
  input.name = (parse_run_name(canonical) ? canonical.parent_path() : canonical)
                   .filename()
                   .string();
  std::string task;
  for (const fs::path& path : paths) {
    input.runs.push_back(read_run(path, *parse_run_name(path)));
    input.metrics.push_back(path / kMetricsFile);
    if (task.empty()) {
      task = input.runs.back().task;
    }
  }
  if (task.empty()) {
    throw base::input_error(
        "{}: no run has an evaluation: give gato-finetune an environment with "
        "--env",
        operand.string());
  }
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

FewShotInput read_datasets(const fs::path& operand) {
  FewShotInput input;
  input.name = "nearest";
  for (const fs::path& path : ingest::find_datasets(operand)) {
    DatasetOutcomes outcomes = read_dataset_outcomes(path);
    FewShotRun run;
    run.path = path;
    run.task = outcomes.task;
    run.episodes = read_demonstration_count(outcomes);
    run.is_trained = false;
    run.evaluations.push_back({.step = 0,
                               .returns = outcomes.values(Metric::mean_return),
                               .failed = outcomes.failed_count(),
                               .recorded_mean = {}});
    input.runs.push_back(std::move(run));
    input.datasets.push_back(std::move(outcomes));
  }
  return input;
}

}  // namespace

FewShotInput read_few_shot_input(const fs::path& operand) {
  const std::vector<fs::path> runs = find_runs(operand);
  return runs.empty() ? read_datasets(operand) : read_runs(operand, runs);
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

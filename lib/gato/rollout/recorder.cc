#include "gato/rollout/recorder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

namespace gato {
namespace {

std::vector<Column> empty_columns(const std::vector<Field>& fields) {
  std::vector<Column> columns;
  for (const Field& field : fields) {
    if (field.role == Role::text) {
      columns.emplace_back(std::vector<std::string>{});
    } else {
      std::vector<int64_t> shape = field.shape;
      shape.insert(shape.begin(), 0);
      columns.emplace_back(Array::zeros(field.dtype, std::move(shape)));
    }
  }
  return columns;
}

void append(const Values& values, std::vector<Column>& columns) {
  for (size_t f = 0; f < columns.size(); ++f) {
    if (auto* texts = std::get_if<std::vector<std::string>>(&columns[f])) {
      texts->push_back(std::get<std::string>(values[f]));
    } else {
      Array& column = std::get<Array>(columns[f]);
      const Array& row = std::get<Array>(values[f]);
      column.bytes.insert(column.bytes.end(), row.bytes.begin(),
                          row.bytes.end());
      ++column.shape[0];
    }
  }
}

bool has_nan(const Array& array) {
  if (!is_floating(array.dtype)) return false;
  for (int64_t i = 0; i < array.size(); ++i)
    if (std::isnan(array.as_double(i))) return true;
  return false;
}

std::string problem_of(const Value& value, const Field& field) {
  const bool is_text = std::holds_alternative<std::string>(value);
  if (is_text != (field.role == Role::text))
    return fmt::format("'{}' is {}", field.name,
                       is_text ? "a text and should be numbers"
                               : "numbers and should be a text");
  if (is_text) return "";
  const Array& array = std::get<Array>(value);
  if (array.dtype != field.dtype || array.shape != field.shape)
    return fmt::format("'{}' is {} [{}] and should be {} [{}]", field.name,
                       name_of(array.dtype), fmt::join(array.shape, ","),
                       name_of(field.dtype), fmt::join(field.shape, ","));
  if (has_nan(array)) return fmt::format("'{}' holds a NaN", field.name);
  return "";
}

}  // namespace

std::string problem_of(const Values& values, const std::vector<Field>& fields) {
  if (values.size() != fields.size())
    return fmt::format("{} values instead of {}", values.size(), fields.size());
  for (size_t f = 0; f < fields.size(); ++f)
    if (std::string problem = problem_of(values[f], fields[f]);
        !problem.empty())
      return problem;
  return "";
}

void EpisodeRecorder::start(int64_t id, uint64_t seed) {
  episode_ = Episode{};
  episode_.id = id;
  episode_.seed = seed;
  episode_.observations = empty_columns(task_.observation);
  episode_.actions = empty_columns(task_.action);
}

void EpisodeRecorder::observe(const Values& first_observation) {
  append(first_observation, episode_.observations);
}

void EpisodeRecorder::step(const Decision& decision, const StepResult& result) {
  append(result.observation, episode_.observations);
  append(decision.action, episode_.actions);
  if (decision.expert_action) {
    if (episode_.expert_actions.empty())
      episode_.expert_actions = empty_columns(task_.action);
    append(*decision.expert_action, episode_.expert_actions);
  }
  episode_.rewards.push_back(result.reward);
  episode_.terminations.push_back(result.terminated);
  episode_.truncations.push_back(result.truncated);
  for (const auto& [name, scalar] : result.info) {
    std::vector<double>& column = episode_.infos[name];
    column.resize(episode_.rewards.size());
    column.push_back(scalar);
  }
}

Episode EpisodeRecorder::finish(bool failed) {
  Episode episode = std::exchange(episode_, Episode{});
  const size_t rows = episode.rewards.size() + 1;
  for (auto& [name, column] : episode.infos) column.resize(rows);
  if (const auto success = episode.infos.find("success");
      success != episode.infos.end()) {
    episode.success = false;
    for (double value : success->second)
      if (value > 0.5) episode.success = true;
  }
  if (!failed) return episode;

  episode.failed = true;
  if (!episode.truncations.empty() && !episode.terminations.back())
    episode.truncations.back() = 1;
  for (size_t f = 0; f < episode.observations.size(); ++f) {
    Column& column = episode.observations[f];
    if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
      if (texts->empty()) texts->emplace_back();
    } else if (Array& array = std::get<Array>(column); array.shape[0] == 0) {
      std::vector<int64_t> shape = array.shape;
      shape[0] = 1;
      array = Array::zeros(array.dtype, std::move(shape));
    }
  }
  return episode;
}

}  // namespace gato

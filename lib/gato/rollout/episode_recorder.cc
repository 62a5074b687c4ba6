#include "gato/rollout/episode_recorder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

namespace gato::rollout {
namespace {

std::vector<data::FieldColumn> empty_columns(
    const std::vector<data::Field>& fields) {
  std::vector<data::FieldColumn> columns;
  for (const data::Field& field : fields) {
    if (field.role == data::Role::text) {
      columns.emplace_back(std::vector<std::string>{});
    } else {
      std::vector<int64_t> shape = field.shape;
      shape.insert(shape.begin(), 0);
      columns.emplace_back(data::Array::zeros(field.dtype, std::move(shape)));
    }
  }
  return columns;
}

void append_row(const data::FieldValues& values,
                std::vector<data::FieldColumn>& columns) {
  for (size_t f = 0; f < columns.size(); ++f) {
    if (auto* texts = std::get_if<std::vector<std::string>>(&columns[f])) {
      texts->push_back(std::get<std::string>(values[f]));
    } else {
      data::Array& column = std::get<data::Array>(columns[f]);
      const data::Array& row = std::get<data::Array>(values[f]);
      column.bytes.insert(column.bytes.end(), row.bytes.begin(),
                          row.bytes.end());
      ++column.shape[0];
    }
  }
}

bool has_nan(const data::Array& array) {
  if (!data::is_floating(array.dtype)) return false;
  for (int64_t i = 0; i < array.size(); ++i)
    if (std::isnan(array.as_double(i))) return true;
  return false;
}

std::string find_value_problem(const data::FieldValue& value,
                               const data::Field& field) {
  const bool is_text = std::holds_alternative<std::string>(value);
  if (is_text != (field.role == data::Role::text))
    return fmt::format("'{}' is {}", field.name,
                       is_text ? "a text and should be numbers"
                               : "numbers and should be a text");
  if (is_text) return "";
  const data::Array& array = std::get<data::Array>(value);
  if (array.dtype != field.dtype || array.shape != field.shape)
    return fmt::format(
        "'{}' is {} [{}] and should be {} [{}]", field.name,
        data::dtype_name(array.dtype), fmt::join(array.shape, ","),
        data::dtype_name(field.dtype), fmt::join(field.shape, ","));
  if (has_nan(array)) return fmt::format("'{}' holds a NaN", field.name);
  return "";
}

}  // namespace

std::string find_problem(const data::FieldValues& values,
                         const std::vector<data::Field>& fields) {
  if (values.size() != fields.size())
    return fmt::format("{} values instead of {}", values.size(), fields.size());
  for (size_t f = 0; f < fields.size(); ++f)
    if (std::string problem = find_value_problem(values[f], fields[f]);
        !problem.empty())
      return problem;
  return "";
}

void EpisodeRecorder::begin_episode(int64_t id, uint64_t seed) {
  episode_ = data::Episode{};
  episode_.id = id;
  episode_.seed = seed;
  episode_.observations = empty_columns(task_.observation_fields);
  episode_.actions = empty_columns(task_.action_fields);
}

void EpisodeRecorder::record_first_observation(
    const data::FieldValues& first_observation) {
  append_row(first_observation, episode_.observations);
}

void EpisodeRecorder::record_step(const PolicyOutput& output,
                                  const env::StepResult& result) {
  append_row(result.observation, episode_.observations);
  append_row(output.action, episode_.actions);
  if (output.expert_action) {
    if (episode_.expert_actions.empty())
      episode_.expert_actions = empty_columns(task_.action_fields);
    append_row(*output.expert_action, episode_.expert_actions);
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

data::Episode EpisodeRecorder::finish(bool failed) {
  data::Episode episode = std::exchange(episode_, data::Episode{});
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
    data::FieldColumn& column = episode.observations[f];
    if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
      if (texts->empty()) texts->emplace_back();
    } else if (data::Array& array = std::get<data::Array>(column);
               array.shape[0] == 0) {
      std::vector<int64_t> shape = array.shape;
      shape[0] = 1;
      array = data::Array::zeros(array.dtype, std::move(shape));
    }
  }
  return episode;
}

}  // namespace gato::rollout

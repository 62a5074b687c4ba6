// An episode grows in its final layout: one column per field, to which a step
// appends a row. T steps give T actions and rewards, but T + 1 observations and
// rows of infos.
#include "gato/rollout/episode_recorder.h"

#include <utility>

namespace gato::rollout {
namespace {

// Returns columns without rows.
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

}  // namespace

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
    if (episode_.expert_actions.empty()) {
      episode_.expert_actions = empty_columns(task_.action_fields);
    }
    append_row(*output.expert_action, episode_.expert_actions);
  }
  episode_.rewards.push_back(result.reward);
  episode_.terminations.push_back(result.terminated);
  episode_.truncations.push_back(result.truncated);
  for (const auto& [name, scalar] : result.info) {
    // Row 0 belongs to the reset. Steps that did not report the scalar are 0.
    std::vector<double>& column = episode_.infos[name];
    column.resize(episode_.rewards.size());
    column.push_back(scalar);
  }
}

data::Episode EpisodeRecorder::finish(
    const std::optional<std::string>& failure) {
  data::Episode episode = std::exchange(episode_, data::Episode{});
  const size_t rows = episode.rewards.size() + 1;
  for (auto& [name, column] : episode.infos) {
    column.resize(rows);
  }
  episode.success = data::success_from_infos(episode.infos);
  if (!failure) {
    return episode;
  }
  episode.failed = true;
  episode.failure = *failure;
  if (!episode.truncations.empty() && !episode.terminations.back()) {
    episode.truncations.back() = 1;
  }
  // A dataset has T + 1 observations per episode, even if the reset failed.
  for (size_t f = 0; f < episode.observations.size(); ++f) {
    data::FieldColumn& column = episode.observations[f];
    if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
      if (texts->empty()) {
        texts->emplace_back();
      }
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

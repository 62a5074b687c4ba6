// Datasets in memory for the tests of checks and pages.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "data/make_field.h"
#include "gato/base/random.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::test {

// A source of the episodes that it is given.
class EpisodesInMemory : public ingest::EpisodeSource {
 public:
  data::TaskSpec task;
  std::vector<data::Episode> episodes;

  const data::TaskSpec& spec() const override { return task; }
  std::string agent() const override { return "expert"; }
  std::filesystem::path file() const override { return "memory"; }
  int64_t episode_count() const override { return std::ssize(episodes); }
  data::Episode read_partial_episode(int64_t i,
                                     ingest::DeferredReads&) override {
    return episodes.at(static_cast<size_t>(i));
  }
};

// Returns the element of a column, to be changed with Array::set().
inline data::Array& array_of(data::FieldColumn& column) {
  return std::get<data::Array>(column);
}

// Returns a column [rows, shape...] of the function's values by row and
// element.
template <class Function>
data::Array make_column(data::DType dtype, int64_t rows,
                        std::vector<int64_t> shape, Function value) {
  shape.insert(shape.begin(), rows);
  data::Array column = data::Array::zeros(dtype, shape);
  const int64_t elements = rows == 0 ? 0 : column.size() / rows;
  for (int64_t i = 0; i < column.size(); ++i) {
    column.set(i, value(i / elements, i % elements));
  }
  return column;
}

// Returns 8 episodes of 40 steps without faults: the observation moves on
// smooth curves, the action and the reward are random, and every other episode
// succeeds.
inline EpisodesInMemory sound_dataset() {
  EpisodesInMemory source;
  source.task.name = "control/toy";
  source.task.domain = "control";
  source.task.observation_fields = {make_field(
      "observation", data::Role::continuous, data::DType::float32, {3})};
  data::Field action =
      make_field("action", data::Role::continuous, data::DType::float32, {2});
  action.low = {-1, -1};
  action.high = {1, 1};
  source.task.action_fields = {action};
  for (int64_t e = 0; e < 8; ++e) {
    base::RandomStream random(static_cast<uint64_t>(e) + 1);
    constexpr int64_t kSteps = 40;
    data::Episode episode;
    episode.id = e;
    episode.observations = {make_column(
        data::DType::float32, kSteps + 1, {3}, [e](int64_t t, int64_t i) {
          return std::sin(0.1 * static_cast<double>(t + 7 * e + 3 * i));
        })};
    episode.actions = {make_column(
        data::DType::float32, kSteps, {2},
        [&random](int64_t, int64_t) { return 1.8 * random.uniform() - 0.9; })};
    for (int64_t t = 0; t < kSteps; ++t) {
      episode.rewards.push_back(random.uniform());
    }
    episode.terminations.assign(kSteps, 0);
    episode.truncations.assign(kSteps, 0);
    episode.truncations.back() = 1;
    episode.success = e % 2 == 0;
    source.episodes.push_back(std::move(episode));
  }
  return source;
}

// Adds an observation whose column in episode e is column_of(e, rows).
template <class Function>
void add_observation(EpisodesInMemory& source, const data::Field& field,
                     Function column_of) {
  source.task.observation_fields.push_back(field);
  for (size_t e = 0; e < source.episodes.size(); ++e) {
    data::Episode& episode = source.episodes[e];
    episode.observations.push_back(
        column_of(static_cast<int64_t>(e), episode.step_count() + 1));
  }
}

}  // namespace gato::test

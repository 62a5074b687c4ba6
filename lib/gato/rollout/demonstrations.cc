#include "gato/rollout/demonstrations.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/signals.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/ingest/episodes/dataset_search.h"
#include "gato/ingest/episodes/episode_file_format.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/tokenize/task_match.h"

namespace gato::rollout {
namespace {

data::FieldValues values_at(const std::vector<data::FieldColumn>& columns,
                            int64_t step) {
  data::FieldValues values;
  for (const data::FieldColumn& column : columns) {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
      values.emplace_back((*texts)[step]);
    } else {
      values.emplace_back(std::get<data::Array>(column).row(step));
    }
  }
  return values;
}

// Returns the most frequent value; of equally frequent ones, the smallest.
int64_t majority(std::vector<int64_t> values) {
  std::ranges::sort(values);
  int64_t best = values.front();
  std::ptrdiff_t best_count = 0;
  for (auto begin = values.begin(); begin != values.end();) {
    const auto end = std::upper_bound(begin, values.end(), *begin);
    if (end - begin > best_count) {
      best_count = end - begin;
      best = *begin;
    }
    begin = end;
  }
  return best;
}

// Returns whether the names of tasks in this file are not those of
// environments.
bool has_foreign_names(const ingest::EpisodeSource& source) {
  const ingest::EpisodeFileFormat format =
      ingest::detect_episode_format(data::hdf5::open_file(source.file()));
  return format == ingest::EpisodeFileFormat::d4rl ||
         format == ingest::EpisodeFileFormat::robomimic;
}

void add_dataset(ingest::EpisodeSource& source, Demonstrations& result) {
  const tokenize::TaskMatch match = base::with_context(
      source.file().string(),
      [&] { return tokenize::match_dataset(source.spec(), result.task()); });
  for (int64_t i = 0; i < source.episode_count(); ++i) {
    base::throw_if_stopped();
    data::Episode episode = source.read_episode(i);
    if (episode.failed || episode.step_count() == 0) {
      continue;
    }
    base::with_context(
        fmt::format("{}: episode {}", source.file().string(), i), [&] {
          result.add_episode(match.episode_for_model(std::move(episode)));
        });
  }
}

// Appends the first `count` rows of a column to `rows`, which may have another
// type. Throws Error(bad_input) if a number is not finite.
void append_actions(const data::Array& column, int64_t count,
                    const std::string& name, data::Array& rows) {
  data::Array added = data::Array::uninitialized(rows.dtype, rows.shape);
  added.shape[0] = count;
  added.bytes.resize(static_cast<size_t>(added.size()) *
                     data::item_size(added.dtype));
  for (int64_t i = 0; i < added.size(); ++i) {
    if (data::is_integer(column.dtype)) {
      added.set_integer(i, column.as_integer(i));
      continue;
    }
    const double value = column.as_double(i);
    if (!std::isfinite(value)) {
      throw base::input_error("action '{}' is {}", name, value);
    }
    added.set(i, value);
  }
  rows.bytes.insert(rows.bytes.end(), added.bytes.begin(), added.bytes.end());
  rows.shape[0] += count;
}

}  // namespace

Demonstrations::Demonstrations(data::TaskSpec task)
    : task_(std::move(task)), features_(task_), index_(features_.width()) {
  for (const data::Field& field : task_.action_fields) {
    std::vector<int64_t> shape = field.shape;
    shape.insert(shape.begin(), 0);
    actions_.push_back(data::Array::zeros(field.dtype, std::move(shape)));
  }
  text_numbers_.resize(features_.text_count());
}

void Demonstrations::add_episode(const data::Episode& episode) {
  std::vector<double> row(features_.width());
  for (int64_t step = 0; step < episode.step_count(); ++step) {
    const data::FieldValues observation = values_at(episode.observations, step);
    if (const std::string field = features_.extract_row(observation, row);
        !field.empty()) {
      throw base::input_error(
          "step {}: observation '{}' is not finite: there is no distance to it",
          step, field);
    }
    index_.add_row(row,
                   find_or_add_group(features_.extract_texts(observation)));
  }
  const auto& actions =
      episode.expert_actions.empty() ? episode.actions : episode.expert_actions;
  for (size_t f = 0; f < actions_.size(); ++f) {
    append_actions(std::get<data::Array>(actions[f]), episode.step_count(),
                   task_.action_fields[f].name, actions_[f]);
  }
  ++episode_count_;
}

int64_t Demonstrations::find_or_add_group(std::vector<std::string> texts) {
  const auto [position, is_new] =
      group_numbers_.emplace(std::move(texts), std::ssize(group_texts_));
  if (is_new) {
    std::vector<int64_t>& numbers = group_texts_.emplace_back();
    for (size_t i = 0; i < text_numbers_.size(); ++i) {
      numbers.push_back(
          text_numbers_[i]
              .emplace(position->first[i], std::ssize(text_numbers_[i]))
              .first->second);
    }
  }
  return position->second;
}

std::vector<int64_t> Demonstrations::matching_groups(
    const std::vector<std::string>& texts) const {
  const auto exact = group_numbers_.find(texts);
  if (exact != group_numbers_.end()) {
    return {exact->second};
  }
  std::vector<int64_t> groups(group_texts_.size());
  std::iota(groups.begin(), groups.end(), 0);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto number = text_numbers_[i].find(texts[i]);
    if (number == text_numbers_[i].end()) {
      continue;
    }
    std::vector<int64_t> equal;
    std::ranges::copy_if(groups, std::back_inserter(equal), [&](int64_t group) {
      return group_texts_[group][i] == number->second;
    });
    if (!equal.empty()) {
      groups = std::move(equal);
    }
  }
  return groups;
}

std::vector<Demonstrations::Match> Demonstrations::find_nearest(
    std::span<const data::FieldValues* const> observations,
    int64_t count) const {
  std::vector<Match> matches(observations.size());
  std::vector<std::vector<double>> rows;
  std::vector<std::vector<int64_t>> groups;
  std::vector<size_t> indices;  // of the observations that are valid
  for (size_t i = 0; i < observations.size(); ++i) {
    std::vector<double> row(features_.width());
    if (const std::string field = features_.extract_row(*observations[i], row);
        !field.empty()) {
      matches[i].failure = fmt::format(
          "observation '{}' is not finite: no demonstration is near", field);
      continue;
    }
    rows.push_back(std::move(row));
    groups.push_back(
        matching_groups(features_.extract_texts(*observations[i])));
    indices.push_back(i);
  }
  std::vector<NeighborIndex::Query> queries;
  for (size_t i = 0; i < rows.size(); ++i) {
    queries.push_back({rows[i], groups[i], count});
  }
  std::vector<std::vector<int64_t>> nearest = index_.search(queries);
  for (size_t i = 0; i < nearest.size(); ++i) {
    matches[indices[i]].steps = std::move(nearest[i]);
  }
  return matches;
}

data::FieldValues Demonstrations::action(int64_t step) const {
  data::FieldValues values;
  for (const data::Array& column : actions_) {
    values.emplace_back(column.row(step));
  }
  return values;
}

data::FieldValues Demonstrations::combined_action(
    std::span<const int64_t> steps) const {
  data::FieldValues values;
  for (size_t f = 0; f < actions_.size(); ++f) {
    const data::Field& field = task_.action_fields[f];
    data::Array value = data::Array::zeros(field.dtype, field.shape);
    const int64_t size = value.size();
    for (int64_t i = 0; i < size; ++i) {
      if (field.role == data::Role::discrete) {
        std::vector<int64_t> choices;
        for (const int64_t step : steps) {
          choices.push_back(actions_[f].as_integer(step * size + i));
        }
        value.set_integer(i, majority(std::move(choices)));
        continue;
      }
      double sum = 0;
      for (const int64_t step : steps) {
        sum += actions_[f].as_double(step * size + i);
      }
      const double mean = sum / static_cast<double>(steps.size());
      value.set(i, data::is_integer(field.dtype) ? std::nearbyint(mean) : mean);
    }
    values.emplace_back(std::move(value));
  }
  return values;
}

std::shared_ptr<const Demonstrations> read_demonstrations(
    const data::TaskSpec& task, const DemonstrationOptions& options) {
  auto result = std::make_shared<Demonstrations>(task);
  std::set<std::string> other_tasks;
  bool has_dataset = false;
  for (const std::string& path : ingest::find_all_datasets(options.datasets)) {
    ingest::EpisodeSourceOptions source_options;
    source_options.max_episode_steps = options.max_episode_steps;
    const std::unique_ptr<ingest::EpisodeSource> source =
        ingest::open_episodes(path, source_options);
    if (source->spec().name != task.name &&
        !(options.is_only_task && has_foreign_names(*source))) {
      other_tasks.insert(source->spec().name);
      continue;
    }
    has_dataset = true;
    add_dataset(*source, *result);
  }
  if (!has_dataset) {
    throw base::input_error(
        "no dataset is of the task '{}', but of '{}': specify demonstrations "
        "of this task",
        task.name, fmt::join(other_tasks, "', '"));
  }
  if (result->step_count() == 0) {
    throw base::input_error(
        "all episodes of the task '{}' failed or have no step: use other "
        "demonstrations",
        task.name);
  }
  result->finish();
  return result;
}

}  // namespace gato::rollout

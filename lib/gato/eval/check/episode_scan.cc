#include "gato/eval/check/episode_scan.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/ingest/episodes/hdf5_columns.h"

namespace gato::eval {
namespace {

// Adds the first `rows` rows of each column.
void add_columns(const std::vector<data::FieldColumn>& columns, int64_t rows,
                 base::Digest& digest) {
  for (const data::FieldColumn& column : columns) {
    if (const auto* array = std::get_if<data::Array>(&column)) {
      const int64_t all = std::max<int64_t>(1, array->shape.at(0));
      const size_t size = array->bytes.size() / static_cast<size_t>(all) *
                          static_cast<size_t>(rows);
      digest.update({array->bytes.data(), size});
      continue;
    }
    const auto& texts = std::get<std::vector<std::string>>(column);
    for (int64_t t = 0; t < rows; ++t) {
      const std::string& text = texts[static_cast<size_t>(t)];
      // The NUL at its end keeps "ab", "c" and "a", "bc" apart.
      digest.update(std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    }
  }
}

bool has_early_end(const data::Episode& episode) {
  const auto is_set_early = [](const std::vector<uint8_t>& flags) {
    return !flags.empty() &&
           std::find(flags.begin(), flags.end() - 1, 1) != flags.end() - 1;
  };
  return is_set_early(episode.terminations) ||
         is_set_early(episode.truncations);
}

}  // namespace

EpisodeScanner::EpisodeScanner(const data::TaskSpec& spec,
                               const TextCoverage* coverage)
    : spec_(spec), coverage_(coverage) {
  observation_scanners_ =
      make_scanners(spec_.observation_fields, NumberScanner::Kind::observation);
  action_scanners_ =
      make_scanners(spec_.action_fields, NumberScanner::Kind::action);
  for (const data::Field& field : spec_.action_fields) {
    if (field.role == data::Role::text || field.role == data::Role::image) {
      space_findings_.push_back(
          {Severity::error, "space", field.name,
           fmt::format("the action is {}, but actions are discrete or "
                       "continuous: gato-tokenize refuses the dataset",
                       field.role == data::Role::text ? "text" : "an image"),
           1});
    }
  }
  if (spec_.action_fields.empty()) {
    space_findings_.push_back({Severity::error, "space", "",
                               "the task has no actions, so that there is "
                               "nothing to learn: gato-tokenize refuses it",
                               1});
  }
}

EpisodeScanner::Scanners EpisodeScanner::make_scanners(
    const std::vector<data::Field>& fields, NumberScanner::Kind kind) {
  Scanners scanners(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const data::Field& field = fields[i];
    if (field.role != data::Role::discrete &&
        field.role != data::Role::continuous) {
      continue;
    }
    try {
      scanners[i].emplace(field, kind);
    } catch (const base::Error& error) {
      space_findings_.push_back({Severity::error, "space", field.name,
                                 fmt::format("{}: correct the space of the "
                                             "dataset",
                                             error.what()),
                                 1});
    }
  }
  return scanners;
}

std::vector<FieldScan> EpisodeScanner::scan_columns(
    const std::vector<data::FieldColumn>& columns, const Scanners& scanners,
    const std::vector<data::Field>& fields, int64_t rows) const {
  std::vector<FieldScan> scans(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    if (const auto* texts =
            std::get_if<std::vector<std::string>>(&columns[i])) {
      scans[i] = scan_texts(*texts, rows, coverage_);
      continue;
    }
    const auto& array = std::get<data::Array>(columns[i]);
    if (scanners[i]) {
      scans[i] = scanners[i]->scan(array, rows);
    } else if (fields[i].role == data::Role::image) {
      scans[i] = scan_images(array, rows);
    }
  }
  return scans;
}

EpisodeScan EpisodeScanner::scan(const data::Episode& episode) const {
  EpisodeScan scan;
  scan.id = episode.id;
  scan.steps = episode.step_count();
  scan.observations = scan_columns(episode.observations, observation_scanners_,
                                   spec_.observation_fields, scan.steps);
  scan.actions = scan_columns(episode.actions, action_scanners_,
                              spec_.action_fields, scan.steps);
  scan.experts = scan_columns(episode.expert_actions, action_scanners_,
                              spec_.action_fields, scan.steps);
  base::Digest digest;
  add_columns(episode.observations, scan.steps, digest);
  add_columns(episode.actions, scan.steps, digest);
  scan.digest = std::stoull(digest.hex(), nullptr, 16);
  scan.has_rewards = !episode.rewards.empty();
  for (int64_t t = 0; t < std::ssize(episode.rewards); ++t) {
    const double reward = episode.rewards[static_cast<size_t>(t)];
    if (!std::isfinite(reward)) {
      scan.bad_rewards.add(t, 0, reward);
    }
    scan.nonzero_rewards += reward != 0;
  }
  scan.success = episode.success;
  scan.ends_early = has_early_end(episode);
  return scan;
}

}  // namespace gato::eval

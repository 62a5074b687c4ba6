// Outcomes of episodes for tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gato/eval/dataset_outcomes.h"
#include "gato/eval/reference_returns.h"

namespace gato::test {

// Returns a dataset of episodes with these returns, whose seeds are 0, 1 ...,
// followed by failed ones.
inline eval::DatasetOutcomes make_outcomes(const std::string& task,
                                           const std::string& domain,
                                           const std::vector<double>& returns,
                                           int failed = 0) {
  eval::DatasetOutcomes outcomes;
  outcomes.path = task;
  outcomes.task = task;
  outcomes.domain = domain;
  outcomes.agent = "model";
  for (size_t i = 0; i < returns.size() + static_cast<size_t>(failed); ++i) {
    eval::EpisodeOutcome episode;
    episode.id = static_cast<int64_t>(i);
    episode.seed = i;
    episode.failed = i >= returns.size();
    episode.total_reward = episode.failed ? 0 : returns[i];
    outcomes.episodes.push_back(episode);
  }
  return outcomes;
}

// Sets whether the episodes, from the first on, succeeded.
inline eval::DatasetOutcomes with_success(
    eval::DatasetOutcomes outcomes,
    const std::vector<std::optional<bool>>& success) {
  for (size_t i = 0; i < success.size(); ++i) {
    outcomes.episodes.at(i).success = success[i];
  }
  return outcomes;
}

inline eval::ReferenceReturn make_reference(double mean) {
  eval::ReferenceReturn reference;
  reference.mean = mean;
  return reference;
}

inline eval::TaskReferences make_references(double random, double expert) {
  return {make_reference(random), make_reference(expert), {}, ""};
}

inline eval::TaskReferences make_success_references(double random,
                                                    double expert) {
  eval::TaskReferences references = make_references(0, 1);
  references.random->success = random;
  references.expert->success = expert;
  return references;
}

}  // namespace gato::test

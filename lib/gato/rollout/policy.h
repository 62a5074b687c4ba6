// Who acts: one policy plays many slots, each holding one environment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/data/episode.h"
#include "gato/env/environment.h"

namespace gato::rollout {

// One slot that waits for an action.
struct PolicyInput {
  int64_t slot = 0;
  int64_t episode = 0;  // number in the run, from 0
  int64_t attempt = 0;  // 1 where a failed episode is played again
  int64_t step = 0;     // within the episode, from 0
  const data::FieldValues* observation =
      nullptr;  // in the order of the environment's spec
  env::Environment* environment = nullptr;

  // Chance of this turn. It depends on these numbers alone, so that an episode
  // is the same in whichever slot, batch or thread it is played. `purpose`
  // keeps the streams of different users apart.
  base::RandomStream rng(uint64_t seed, uint64_t purpose) const {
    return base::RandomStream(
        seed, {purpose, static_cast<uint64_t>(episode),
               static_cast<uint64_t>(attempt), static_cast<uint64_t>(step)});
  }
};

struct PolicyOutput {
  data::FieldValues action;  // to be executed
  std::optional<data::FieldValues>
      expert_action;  // what the expert would have done
  // Not empty: no action could be chosen and the episode has failed, because
  // of this.
  std::string failure;
};

class Policy {
 public:
  virtual ~Policy() = default;
  // The agent's name: the source of the episodes.
  virtual std::string name() const = 0;
  // A new episode begins in `slot`, from 0 to the number of slots - 1.
  virtual void begin_episode(int64_t slot) = 0;
  // One decision a turn, in their order; at most one turn a slot.
  virtual std::vector<PolicyOutput> act(
      std::span<const PolicyInput> inputs) = 0;
};

}  // namespace gato::rollout

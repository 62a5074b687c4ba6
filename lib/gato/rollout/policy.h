// The interface of policies. One policy chooses the actions of many slots, each
// of which contains one environment.
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

// A slot that waits for an action.
struct PolicyInput {
  int64_t slot = 0;
  int64_t episode = 0;  // number in the run, from 0
  int64_t attempt = 0;  // 1 if the episode failed and is played again
  int64_t step = 0;     // within the episode, from 0
  // The values of the fields, in the order of the environment's spec.
  const data::FieldValues* observation = nullptr;
  // The action that the environment's expert would take, if
  // Policy::needs_expert_action().
  const data::FieldValues* expert_action = nullptr;
  env::Environment* environment = nullptr;

  // Returns the random numbers of this step. They depend on the episode, the
  // attempt and the step, but not on the slot, so that an episode is the same
  // in every slot, batch and thread. Different purposes have independent
  // streams.
  base::RandomStream rng(uint64_t seed, uint64_t purpose) const {
    return base::RandomStream(
        seed, {purpose, static_cast<uint64_t>(episode),
               static_cast<uint64_t>(attempt), static_cast<uint64_t>(step)});
  }
};

struct PolicyOutput {
  data::FieldValues action;  // to be executed
  // The action that the expert would have taken, to be recorded as a label.
  std::optional<data::FieldValues> expert_action;
  // The reason why no action could be chosen, which fails the episode; else
  // empty.
  std::string failure;
};

class Policy {
 public:
  virtual ~Policy() = default;
  // Returns the agent's name, which is the source of its episodes.
  virtual std::string name() const = 0;
  // Returns whether act() needs PolicyInput::expert_action.
  virtual bool needs_expert_action() const { return false; }
  // Returns whether an action depends, if only by rounding, on the other inputs
  // of the same call.
  virtual bool depends_on_batch() const { return false; }
  // Resets the state of a slot for a new episode. Slots are numbered from 0.
  virtual void begin_episode(int64_t slot) = 0;
  // Returns one output per input, in the order of the inputs. Each slot has at
  // most one input.
  virtual std::vector<PolicyOutput> act(
      std::span<const PolicyInput> inputs) = 0;
};

}  // namespace gato::rollout

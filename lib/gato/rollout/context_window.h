// The time steps in the context of the network, for each slot of a KV cache.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/kv_cache.h"

namespace gato::rollout {

// Returns the tokens of step `step` of a document, with their patches.
data::TokenRow step_tokens(const data::TokenizedDocument& document,
                           int64_t step);

// Returns the steps that are complete within the first `max_tokens` tokens of a
// document.
std::vector<data::TokenRow> leading_steps(
    const data::TokenizedDocument& document, int64_t max_tokens);

// Returns steps of a document, of which the last is step `last`: as many as
// there are before it, up to `max_tokens` tokens and `max_steps` steps.
std::vector<data::TokenRow> steps_until(
    const data::TokenizedDocument& document, int64_t last, int64_t max_tokens,
    int64_t max_steps = std::numeric_limits<int64_t>::max());

// Stores the last steps of each slot and reads them into the cache.
//
// If context_steps is 0, a slot has as many complete steps as fit into the
// cache. The oldest steps are evicted to make room. Newer entries, which have
// read the evicted ones, stay as they are: the Transformer-XL memory of the
// paper (section 2.4). The last action token of a step is read together with
// the next observation, after the eviction that makes room for that.
//
// If context_steps is W > 0, an action depends only on the last W steps: the
// slot reads all of them again in each step. This is what a network with short
// windows is trained on. It costs W times as much as reading one step, which is
// little for small W.
class ContextWindow {
 public:
  ContextWindow(model::KvCache& cache, int64_t context_steps);

  // Clears the slot and adds the steps of a prompt, which has at most
  // cache.capacity() tokens.
  void reset(int64_t slot, const std::vector<data::TokenRow>& prompt);
  // Does the same, but leaves it to the next forward() to read the steps into
  // the cache, so that those of several slots are read at once.
  void replace_steps(int64_t slot, const std::vector<data::TokenRow>& steps);
  // Adds the observation of a new step with its separator, which
  // `action_tokens` tokens will follow. Evicts as many old steps as necessary.
  // Throws Error(run_failed) if the step alone exceeds the capacity of the
  // cache.
  void add_step(int64_t slot, data::TokenRow observation,
                int64_t action_tokens);
  void add_action_token(int64_t slot, int32_t id, data::Modality modality);
  // Reads the tokens that were added to these slots since the last call, at
  // least `last_tokens` each, into the cache. Returns the hidden states [n *
  // last_tokens, d] of the last tokens of each slot.
  at::Tensor forward(std::span<const int64_t> slots, int64_t last_tokens = 1);

 private:
  struct Slot {
    std::deque<data::TokenRow> steps;
    int64_t token_count = 0;    // of all steps
    int64_t cached_tokens = 0;  // the first ones, which are in the cache
  };

  void evict_oldest_step(int64_t slot);
  data::TokenRow unread_tokens(const Slot& slot) const;

  model::KvCache& cache_;
  int64_t context_steps_;
  std::vector<Slot> slots_;
};

}  // namespace gato::rollout

// What each slot's network remembers: whole time steps, the oldest forgotten
// first.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "gato/data/tokens.h"
#include "gato/model/kv_cache.h"

namespace gato::rollout {

// Returns the tokens of step `step` of a document, with their patches.
data::TokenRow step_tokens(const data::TokenizedDocument& document,
                           int64_t step);

// Every step of the document's first `tokens` tokens, without one that is cut.
std::vector<data::TokenRow> leading_steps(
    const data::TokenizedDocument& document, int64_t max_tokens);

// Holds the last steps of every slot and reads them into the cache.
//
// With context_steps 0 a slot remembers as many tokens as the cache has room
// for. Forgotten steps leave the cache, while newer entries, which have seen
// them, stay as they are: the Transformer-XL memory of the paper (2.2). The
// last action token of a step is read together with the next step, after what
// had to make room for that one is forgotten.
//
// With context_steps W > 0 an action depends on the last W steps and on nothing
// older: the slot reads all W of them again at every step. This costs W times
// the reading of one step, which for the few steps that short windows are
// trained with is little, and is what such a network was trained on.
class ContextWindow {
 public:
  ContextWindow(model::KvCache& cache, int64_t context_steps);

  // Forgets everything, then remembers the prompt, which has at most
  // cache.capacity() tokens.
  void reset(int64_t slot, const std::vector<data::TokenRow>& prompt);
  // The observation of a new step and its separator, which `action_tokens` are
  // going to follow. Forgets what there is no room for. Error (run_failed)
  // where the step alone is larger than the cache.
  void add_step(int64_t slot, data::TokenRow observation,
                int64_t action_tokens);
  void add_action_token(int64_t slot, int32_t id, data::Modality modality);
  // The network reads what was added to these slots since they last read: at
  // least `last` tokens each. Hidden states [n * last, d] of their last tokens.
  at::Tensor forward(std::span<const int64_t> slots, int64_t last_tokens = 1);

 private:
  struct Slot {
    std::deque<data::TokenRow> steps;
    int64_t token_count = 0;  // of all steps
    int64_t cached_tokens =
        0;  // how many of them, from the first, are in the cache
  };

  void evict_oldest_step(int64_t slot);
  data::TokenRow unread_tokens(const Slot& slot) const;

  model::KvCache& cache_;
  int64_t context_steps_;
  std::vector<Slot> slots_;
};

}  // namespace gato::rollout

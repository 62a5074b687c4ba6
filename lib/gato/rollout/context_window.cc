// A slot stores the tokens of its steps, of which the first `cached_tokens` are
// in the KV cache. forward() appends the others to the cache. Unlimited
// contexts evict steps from both; limited ones clear the cache in each step, so
// that all W steps are read again without traces of older ones.
#include "gato/rollout/context_window.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato::rollout {

data::TokenRow step_tokens(const data::TokenizedDocument& document,
                           int64_t step) {
  data::TokenRow row = data::make_token_row(
      document, document.step_offset[step], document.step_offset[step + 1]);
  for (int32_t& token : row.tokens) {
    if (data::is_patch(token)) {
      token = row.add_patch(document.patches[data::patch_index(token)]);
    }
  }
  return row;
}

std::vector<data::TokenRow> leading_steps(
    const data::TokenizedDocument& document, int64_t max_tokens) {
  std::vector<data::TokenRow> steps;
  for (size_t i = 0; i + 1 < document.step_offset.size(); ++i) {
    if (document.step_offset[i + 1] > max_tokens) {
      break;
    }
    steps.push_back(step_tokens(document, static_cast<int64_t>(i)));
  }
  return steps;
}

std::vector<data::TokenRow> steps_until(const data::TokenizedDocument& document,
                                        int64_t last, int64_t max_tokens,
                                        int64_t max_steps) {
  const int64_t end = document.step_offset[static_cast<size_t>(last) + 1];
  int64_t first = last + 1;
  while (first > 0 && last - first + 1 < max_steps &&
         end - document.step_offset[static_cast<size_t>(first) - 1] <=
             max_tokens) {
    --first;
  }
  std::vector<data::TokenRow> steps;
  for (int64_t step = first; step <= last; ++step) {
    steps.push_back(step_tokens(document, step));
  }
  return steps;
}

ContextWindow::ContextWindow(model::KvCache& cache, int64_t context_steps)
    : cache_(cache), context_steps_(context_steps), slots_(cache.slots()) {}

void ContextWindow::replace_steps(int64_t slot,
                                  const std::vector<data::TokenRow>& steps) {
  cache_.clear(slot);
  slots_[slot] = {};
  for (const data::TokenRow& step : steps) {
    slots_[slot].steps.push_back(step);
    slots_[slot].token_count += step.size();
  }
}

void ContextWindow::reset(int64_t slot,
                          const std::vector<data::TokenRow>& prompt) {
  replace_steps(slot, prompt);
  if (context_steps_ == 0 && !prompt.empty()) {
    forward({&slot, 1});
  }
}

void ContextWindow::add_step(int64_t slot, data::TokenRow observation,
                             int64_t action_tokens) {
  Slot& state = slots_[slot];
  if (context_steps_ > 0) {
    while (std::ssize(state.steps) >= context_steps_) {
      evict_oldest_step(slot);
    }
    cache_.clear(slot);
    state.cached_tokens = 0;
  }
  const int64_t needed = observation.size() + action_tokens;
  if (needed > cache_.capacity()) {
    throw base::run_error(
        "a time step has {} tokens, but the network's context holds only {}: "
        "use smaller images (--resize) or a network with a longer context",
        needed, cache_.capacity());
  }
  while (state.token_count + needed > cache_.capacity()) {
    evict_oldest_step(slot);
  }
  state.token_count += observation.size();
  state.steps.push_back(std::move(observation));
}

void ContextWindow::add_action_token(int64_t slot, int32_t id,
                                     data::Modality modality) {
  Slot& state = slots_[slot];
  state.steps.back().push_back(id, modality,
                               data::TokenRow::kActionLocalPosition);
  ++state.token_count;
}

at::Tensor ContextWindow::forward(std::span<const int64_t> slots,
                                  int64_t last_tokens) {
  std::vector<data::TokenRow> unread;
  for (int64_t slot : slots) {
    unread.push_back(unread_tokens(slots_[slot]));
  }
  at::Tensor hidden = cache_.append(slots, unread, last_tokens);
  for (int64_t slot : slots) {
    slots_[slot].cached_tokens = slots_[slot].token_count;
  }
  return hidden;
}

void ContextWindow::evict_oldest_step(int64_t slot) {
  Slot& state = slots_[slot];
  const int64_t size = state.steps.front().size();
  // The cache may lack the last action token, which is read with the next
  // observation.
  const int64_t evicted_tokens = std::min(size, state.cached_tokens);
  if (context_steps_ == 0) {
    cache_.evict(slot, evicted_tokens);
  }
  state.cached_tokens -= evicted_tokens;
  state.token_count -= size;
  state.steps.pop_front();
}

data::TokenRow ContextWindow::unread_tokens(const Slot& slot) const {
  data::TokenRow tokens;
  int64_t skip = slot.cached_tokens;
  for (const data::TokenRow& step : slot.steps) {
    const int64_t begin = std::min(skip, step.size());
    skip -= begin;
    tokens.append(step, begin, step.size());
  }
  return tokens;
}

}  // namespace gato::rollout

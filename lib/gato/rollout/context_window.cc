#include "gato/rollout/context_window.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato::rollout {
namespace {

// Appends tokens [begin, end) of `from`, with the patches that they refer to.
void append_tokens(const StepTokens& from, int64_t begin, int64_t end,
                   StepTokens& to) {
  for (int64_t i = begin; i < end; ++i) {
    int32_t token = from.features.tokens[i];
    if (token < 0) {
      to.patches.push_back(from.patches[-token - 1]);
      token = -static_cast<int32_t>(to.patches.size());
    }
    to.features.tokens.push_back(token);
    to.features.modality.push_back(from.features.modality[i]);
    to.features.local_position.push_back(from.features.local_position[i]);
    to.features.interval.push_back(from.features.interval[i]);
  }
}

}  // namespace

StepTokens step_tokens(const data::TokenizedDocument& document, int64_t step) {
  const StepTokens whole{
      data::make_token_features(document, document.step_offset[step],
                                document.step_offset[step + 1]),
      document.patches};
  StepTokens tokens;
  append_tokens(whole, 0, whole.size(), tokens);
  return tokens;
}

std::vector<StepTokens> leading_steps(const data::TokenizedDocument& document,
                                      int64_t max_tokens) {
  std::vector<StepTokens> steps;
  for (size_t i = 0; i + 1 < document.step_offset.size(); ++i) {
    if (document.step_offset[i + 1] > max_tokens) break;
    steps.push_back(step_tokens(document, static_cast<int64_t>(i)));
  }
  return steps;
}

ContextWindow::ContextWindow(model::KvCache& cache, int64_t context_steps)
    : cache_(cache), context_steps_(context_steps), slots_(cache.slots()) {}

void ContextWindow::reset(int64_t slot, const std::vector<StepTokens>& prompt) {
  cache_.clear(slot);
  slots_[slot] = {};
  for (const StepTokens& step : prompt) {
    slots_[slot].steps.push_back(step);
    slots_[slot].token_count += step.size();
  }
  if (context_steps_ == 0 && !prompt.empty()) forward({&slot, 1});
}

void ContextWindow::add_step(int64_t slot, StepTokens observation,
                             int64_t action_tokens) {
  Slot& state = slots_[slot];
  if (context_steps_ > 0) {
    while (static_cast<int64_t>(state.steps.size()) >= context_steps_)
      evict_oldest_step(slot);
    cache_.clear(slot);
    state.cached_tokens = 0;
  }
  const int64_t needed = observation.size() + action_tokens;
  if (needed > cache_.capacity())
    throw base::run_error(
        "a time step has {} tokens and the network's context only {}: use "
        "smaller images (--resize) or a network with a longer context",
        needed, cache_.capacity());
  while (state.token_count + needed > cache_.capacity())
    evict_oldest_step(slot);
  state.token_count += observation.size();
  state.steps.push_back(std::move(observation));
}

void ContextWindow::add_action_token(int64_t slot, int32_t id,
                                     data::Modality modality) {
  Slot& state = slots_[slot];
  data::TokenFeatures& features = state.steps.back().features;
  features.tokens.push_back(id);
  features.modality.push_back(modality);
  features.local_position.push_back(data::TokenFeatures::kActionLocalPosition);
  features.interval.push_back({});
  ++state.token_count;
}

at::Tensor ContextWindow::forward(std::span<const int64_t> slots,
                                  int64_t last_tokens) {
  std::vector<StepTokens> unread;
  for (int64_t slot : slots) unread.push_back(unread_tokens(slots_[slot]));
  std::vector<model::TokenChunk> chunks;
  for (const StepTokens& tokens : unread)
    chunks.push_back({&tokens.features, tokens.patches});
  at::Tensor hidden = cache_.append(slots, chunks, last_tokens);
  for (int64_t slot : slots)
    slots_[slot].cached_tokens = slots_[slot].token_count;
  return hidden;
}

void ContextWindow::evict_oldest_step(int64_t slot) {
  Slot& state = slots_[slot];
  const int64_t size = state.steps.front().size();
  // The last action token of a step is read together with the next observation.
  const int64_t evicted_tokens = std::min(size, state.cached_tokens);
  if (context_steps_ == 0) cache_.evict(slot, evicted_tokens);
  state.cached_tokens -= evicted_tokens;
  state.token_count -= size;
  state.steps.pop_front();
}

StepTokens ContextWindow::unread_tokens(const Slot& slot) const {
  StepTokens tokens;
  int64_t skip = slot.cached_tokens;
  for (const StepTokens& step : slot.steps) {
    const int64_t begin = std::min(skip, step.size());
    skip -= begin;
    append_tokens(step, begin, step.size(), tokens);
  }
  return tokens;
}

}  // namespace gato::rollout

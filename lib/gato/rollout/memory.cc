#include "gato/rollout/memory.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato {
namespace {

// Appends tokens [begin, end) of `from`, with the patches that they refer to.
void append(const StepTokens& from, int64_t begin, int64_t end,
            StepTokens& to) {
  for (int64_t i = begin; i < end; ++i) {
    int32_t token = from.features.tokens[i];
    if (token < 0) {
      to.patches.push_back(from.patches[-token - 1]);
      token = -static_cast<int32_t>(to.patches.size());
    }
    to.features.tokens.push_back(token);
    to.features.modality.push_back(from.features.modality[i]);
    to.features.local.push_back(from.features.local[i]);
    to.features.interval.push_back(from.features.interval[i]);
  }
}

}  // namespace

StepTokens step_tokens(const TokenizedDocument& document, int64_t step) {
  const StepTokens whole{features_of(document, document.step_offset[step],
                                     document.step_offset[step + 1]),
                         document.patches};
  StepTokens tokens;
  append(whole, 0, whole.size(), tokens);
  return tokens;
}

std::vector<StepTokens> first_steps(const TokenizedDocument& document,
                                    int64_t tokens) {
  std::vector<StepTokens> steps;
  for (size_t i = 0; i + 1 < document.step_offset.size(); ++i) {
    if (document.step_offset[i + 1] > tokens) break;
    steps.push_back(step_tokens(document, static_cast<int64_t>(i)));
  }
  return steps;
}

Memory::Memory(Cache& cache, int64_t context_steps)
    : cache_(cache), context_steps_(context_steps), slots_(cache.slots()) {}

void Memory::begin(int64_t slot, const std::vector<StepTokens>& prompt) {
  cache_.clear(slot);
  slots_[slot] = {};
  for (const StepTokens& step : prompt) {
    slots_[slot].steps.push_back(step);
    slots_[slot].tokens += step.size();
  }
  if (context_steps_ == 0 && !prompt.empty()) read({&slot, 1});
}

void Memory::add_step(int64_t slot, StepTokens observation,
                      int64_t action_tokens) {
  Slot& memory = slots_[slot];
  if (context_steps_ > 0) {
    while (static_cast<int64_t>(memory.steps.size()) >= context_steps_)
      forget_oldest(slot);
    cache_.clear(slot);
    memory.read = 0;
  }
  const int64_t needed = observation.size() + action_tokens;
  if (needed > cache_.capacity())
    throw run_error(
        "a time step has {} tokens and the network's context only {}: use "
        "smaller images (--resize) or a network with a longer context",
        needed, cache_.capacity());
  while (memory.tokens + needed > cache_.capacity()) forget_oldest(slot);
  memory.tokens += observation.size();
  memory.steps.push_back(std::move(observation));
}

void Memory::add_action_token(int64_t slot, int32_t id, Modality modality) {
  Slot& memory = slots_[slot];
  TokenFeatures& features = memory.steps.back().features;
  features.tokens.push_back(id);
  features.modality.push_back(modality);
  features.local.push_back(TokenFeatures::action_local);
  features.interval.push_back({});
  ++memory.tokens;
}

at::Tensor Memory::read(std::span<const int64_t> slots, int64_t last) {
  std::vector<StepTokens> news;
  for (int64_t slot : slots) news.push_back(unread(slots_[slot]));
  std::vector<Chunk> chunks;
  for (const StepTokens& tokens : news)
    chunks.push_back({&tokens.features, tokens.patches});
  at::Tensor hidden = cache_.append(slots, chunks, last);
  for (int64_t slot : slots) slots_[slot].read = slots_[slot].tokens;
  return hidden;
}

void Memory::forget_oldest(int64_t slot) {
  Slot& memory = slots_[slot];
  const int64_t size = memory.steps.front().size();
  // The last action token of a step is read together with the next observation.
  const int64_t read = std::min(size, memory.read);
  if (context_steps_ == 0) cache_.evict(slot, read);
  memory.read -= read;
  memory.tokens -= size;
  memory.steps.pop_front();
}

StepTokens Memory::unread(const Slot& slot) const {
  StepTokens tokens;
  int64_t skip = slot.read;
  for (const StepTokens& step : slot.steps) {
    const int64_t begin = std::min(skip, step.size());
    skip -= begin;
    append(step, begin, step.size(), tokens);
  }
  return tokens;
}

}  // namespace gato

// Invariants of the rows of sequence files, for arbitrary documents.
#include "gato/pack/packed_row.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "data/sample_documents.h"
#include "pack/generated_token_files.h"

using namespace gato;
using namespace gato::pack;
using namespace gato::test;

namespace {

TokenFileSpec any_token_file() {
  TokenFileSpec spec;
  spec.has_episodes = *rc::gen::element(true, true, false);
  spec.documents = *rc::gen::inRange(1, 6);
  spec.max_steps = *rc::gen::inRange(1, 9);
  spec.max_observations = *rc::gen::inRange(1, 6);
  spec.actions_per_step = *rc::gen::inRange(1, 4);
  spec.max_image_side = *rc::gen::inRange(0, 4);
  spec.max_text_tokens = *rc::gen::inRange(1, 60);
  spec.has_labels = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    spec.sources = {"expert", "novice"};
  }
  return spec;
}

void check_padding(const PackedRow& packed, size_t length) {
  const data::SequenceRow& row = packed.row;
  const auto& modality = row.input.modality;
  RC_ASSERT(modality.size() == length);
  RC_ASSERT(row.input.tokens.size() == length);
  RC_ASSERT(row.input.local_position.size() == length);
  RC_ASSERT(row.input.interval.size() == length);
  RC_ASSERT(row.segment_ids.size() == length);
  RC_ASSERT(row.prompt_mask.size() == length);
  RC_ASSERT(row.labels.empty() || row.labels.size() == length);
  for (size_t i = 0; i < length; ++i) {
    const bool is_padding = i >= static_cast<size_t>(packed.token_count);
    RC_ASSERT((modality[i] == data::Modality::padding) == is_padding);
    if (!is_padding) {
      continue;
    }
    RC_ASSERT(row.input.tokens[i] == 0);
    RC_ASSERT(row.input.local_position[i] == data::TokenRow::kNoLocalPosition);
    RC_ASSERT(row.input.interval[i] == data::TokenRow::PatchInterval{});
    RC_ASSERT(row.prompt_mask[i] == 0);
  }
}

void check_segments(const PackedRow& packed, const RowPlan& plan,
                    size_t length) {
  const data::SequenceRow& row = packed.row;
  RC_ASSERT(row.segment_ids[0] == 0);
  for (size_t i = 1; i < length; ++i) {
    RC_ASSERT(row.segment_ids[i] - row.segment_ids[i - 1] >= 0);
    RC_ASSERT(row.segment_ids[i] - row.segment_ids[i - 1] <= 1);
  }
  RC_ASSERT(row.segment_ids[packed.token_count - 1] == packed.window_count - 1);
  RC_ASSERT(packed.window_count <= static_cast<int64_t>(plan.windows.size()));
  const auto prompt_tokens = std::accumulate(row.prompt_mask.begin(),
                                             row.prompt_mask.end(), size_t{0});
  RC_ASSERT(packed.has_prompt == (prompt_tokens > 0));
  if (prompt_tokens == 0) {
    return;
  }
  RC_ASSERT(prompt_tokens <= length / 2);
  for (size_t i = 0; i < length; ++i) {
    RC_ASSERT((row.prompt_mask[i] == 1) ==
              (row.segment_ids[i] == 0 &&
               i < static_cast<size_t>(packed.token_count)));
  }
  RC_ASSERT(packed.window_count >= 2);
}

// Checks local positions and intervals, which follow from the modalities.
void check_input(const PackedRow& packed, bool is_episode) {
  const data::SequenceRow& row = packed.row;
  int16_t next = 0;
  for (size_t i = 0; i < row.segment_ids.size(); ++i) {
    const data::Modality modality = row.input.modality[i];
    const bool is_first = i == 0 ||
                          row.segment_ids[i] != row.segment_ids[i - 1] ||
                          (data::is_action(row.input.modality[i - 1]) &&
                           !data::is_action(modality));
    if (is_first) {
      next = 0;
    }
    const int16_t local = row.input.local_position[i];
    if (modality == data::Modality::padding ||
        modality == data::Modality::separator || !is_episode) {
      RC_ASSERT(local == data::TokenRow::kNoLocalPosition);
    } else if (data::is_action(modality)) {
      RC_ASSERT(local == data::TokenRow::kActionLocalPosition);
    } else {
      RC_ASSERT(local == next++);
    }
    const auto& [first_row, end_row, first_column, end_column] =
        row.input.interval[i];
    if (modality == data::Modality::patch) {
      RC_ASSERT(data::is_patch(row.input.tokens[i]));
      RC_ASSERT(data::patch_index(row.input.tokens[i]) <
                std::ssize(packed.patches));
      RC_ASSERT(first_row < end_row);
      RC_ASSERT(first_column < end_column);
      RC_ASSERT(std::max(end_row, end_column) <= 128);
    } else {
      RC_ASSERT(row.input.interval[i] == data::TokenRow::PatchInterval{});
    }
  }
}

// Checks that windows have the tokens, pixels and labels of their documents.
void check_content(const Corpus& corpus, PackedRow packed,
                   const RowPlan& plan) {
  const std::vector<data::Patch> patches = load_patches(corpus, packed);
  const data::SequenceRow& row = packed.row;
  size_t at = 0;
  for (int64_t w = 0; w < packed.window_count; ++w) {
    const Window& window = plan.windows[w];
    const data::TokenizedDocument document =
        corpus.read(window.document, 0, corpus.tokens(window.document))
            .document;
    RC_ASSERT(corpus.task(window.document) == row.task_index);
    if (corpus.is_episode(window.document)) {
      RC_ASSERT(std::ranges::count(document.step_offset, window.begin) == 1);
    }
    for (int64_t i = window.begin; i < window.end; ++i, ++at) {
      RC_ASSERT(row.input.modality[at] == document.modality[i]);
      RC_ASSERT(row.segment_ids[at] == w);
      const int32_t token = row.input.tokens[at];
      if (data::is_patch(token)) {
        RC_ASSERT(patches.at(data::patch_index(token)) ==
                  document.patches[data::patch_index(document.tokens[i])]);
      } else {
        RC_ASSERT(token == document.tokens[i]);
      }
      if (row.labels.empty()) {
        continue;
      }
      RC_ASSERT(row.labels[at] ==
                (data::is_patch(token) || document.labels.empty()
                     ? token
                     : document.labels[i]));
    }
  }
  RC_ASSERT(at == static_cast<size_t>(packed.token_count));
}

void check_windows(const Corpus& corpus, const PackedRow& packed,
                   const RowPlan& plan, int64_t length, int64_t window_steps) {
  RC_ASSERT(!packed.has_prompt);
  for (int64_t w = 0; w < packed.window_count; ++w) {
    const Window& window = plan.windows[w];
    if (!corpus.is_episode(window.document)) {
      continue;
    }
    const int64_t first = corpus.step_at(window.document, window.begin);
    const int64_t steps = corpus.steps(window.document);
    const int64_t last = std::min(steps, first + window_steps);
    RC_ASSERT(last - first == std::min(steps, window_steps));
    const int64_t window_tokens =
        corpus.step_offset(window.document, last) - window.begin;
    // A window is truncated only if it is longer than a row.
    RC_ASSERT(window.end - window.begin == std::min(window_tokens, length));
    RC_ASSERT((window_tokens <= length || packed.window_count == 1));
  }
}

}  // namespace

TEST_CASE("Every row satisfies the invariants of the format") {
  REQUIRE(rc::check([] {
    const TestDirectory folder;
    const auto files = *rc::gen::inRange(1, 4);
    std::vector<MixtureEntry> mixture;
    bool has_labels = false;
    for (int f = 0; f < files; ++f) {
      TokenFileSpec spec = any_token_file();
      spec.task = spec.has_episodes ? "control/a" : "text";
      const auto path = folder / ("tokens" + std::to_string(f) + ".h5");
      write_generated_tokens(path, spec, *rc::gen::inRange(0, 1000));
      mixture.push_back(make_mixture_entry({path}, *rc::gen::inRange(1, 5)));
      mixture.back().prompt_fraction = *rc::gen::element(0.0, 0.5, 1.0);
      mixture.back().fill = *rc::gen::element(Fill::same_task, Fill::pad);
      has_labels |= spec.has_labels && spec.has_episodes;
    }
    const auto length = *rc::gen::inRange<int64_t>(2, 90);
    const auto window_steps = *rc::gen::element<int64_t>(0, 0, 1, 2, 5);
    const Corpus corpus(mixture);
    const SequenceSampler sampler(corpus, mixture, {length, window_steps, 7});
    RC_ASSERT(corpus.has_labels() == has_labels);
    for (int64_t q = 0; q < 12; ++q) {
      const RowPlan plan = sampler.plan(q);
      const PackedRow packed = build_row(corpus, plan, length);
      RC_ASSERT(packed.row.labels.empty() == !has_labels);
      check_padding(packed, length);
      check_segments(packed, plan, length);
      check_input(packed, corpus.is_episode(plan.windows[0].document));
      check_content(corpus, packed, plan);
      if (window_steps > 0) {
        check_windows(corpus, packed, plan, length, window_steps);
      }
    }
  }));
}

TEST_CASE("A last window without a target becomes padding") {
  const TestDirectory folder;
  TokenFileSpec spec;
  spec.documents = 1;
  spec.max_steps = 1;
  spec.max_observations = 1;
  spec.max_image_side = 0;
  write_generated_tokens(folder / "a.h5", spec,
                         1);  // 1 + separator + 2 actions
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const Corpus corpus(mixture);
  REQUIRE(corpus.tokens() == 4);
  for (const auto& [length, tokens] : {std::pair{6, 4}, {7, 7}, {8, 8}}) {
    const SequenceSampler sampler(corpus, mixture, {length, 0, 0});
    const PackedRow packed = build_row(corpus, sampler.plan(0), length);
    REQUIRE(packed.token_count == tokens);
    REQUIRE(packed.window_count == (tokens + 3) / 4);
  }
}

#include "gato/pack/sequence_sampler.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "data/sample_documents.h"
#include "pack/generated_token_files.h"

using namespace gato;
using namespace gato::pack;
using namespace gato::test;

namespace {

TokenFileSpec long_episodes(int documents, int steps) {
  TokenFileSpec shape;
  shape.documents = documents;
  shape.max_steps = steps;
  shape.max_image_side = 0;
  return shape;
}

}  // namespace

TEST_CASE("A plan depends only on the seed and the sequence") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", long_episodes(5, 30), 1);
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const Corpus corpus(mixture);
  const auto first_begins = [&](uint64_t seed, std::vector<int64_t> order) {
    const SequenceSampler sampler(corpus, mixture, {32, 0, seed});
    std::map<int64_t, std::vector<int64_t>> begins;
    for (int64_t q : order) {
      for (const Window& window : sampler.plan(q).windows) {
        begins[q].push_back(window.begin + 1000 * window.document);
      }
    }
    return begins;
  };
  REQUIRE(first_begins(3, {0, 1, 2, 9}) == first_begins(3, {9, 2, 1, 0}));
  REQUIRE(first_begins(3, {0, 1, 2, 9}) != first_begins(4, {0, 1, 2, 9}));
}

TEST_CASE("Any range of sequences has the shares of the weights") {
  const TestDirectory folder;
  TokenFileSpec shape = long_episodes(2, 5);
  std::vector<MixtureEntry> mixture;
  for (double weight : {1.0, 2.5, 0.5}) {
    shape.task = "task" + std::to_string(mixture.size());
    write_generated_tokens(folder / (shape.task + ".h5"), shape, 1);
    mixture.push_back(
        make_mixture_entry({folder / (shape.task + ".h5")}, weight));
  }
  const Corpus corpus(mixture);
  const SequenceSampler sampler(corpus, mixture, {32, 0, 11});
  for (int64_t begin : {0, 317, 100000}) {
    std::vector<double> count(3);
    for (int64_t q = begin; q < begin + 400; ++q) {
      ++count[sampler.plan(q).entry];
    }
    for (size_t e = 0; e < 3; ++e) {
      REQUIRE(std::abs(count[e] - 100 * mixture[e].weight) < 5);
    }
  }
  REQUIRE(sampler.share(1, 0) == Approx(0.625));
}

TEST_CASE(
    "Prompts have the requested fraction, and half of them end with the "
    "episode") {
  const TestDirectory folder;
  TokenFileSpec shape = long_episodes(16, 40);
  shape.sources = {"expert", "novice"};
  write_generated_tokens(folder / "a.h5", shape, 3);
  std::vector<MixtureEntry> mixture{make_mixture_entry({folder / "a.h5"})};
  mixture[0].prompt_fraction = 0.25;
  const Corpus corpus(mixture);
  const SequenceSampler sampler(corpus, mixture, {64, 0, 1});
  constexpr int kRows = 8000;
  int prompts = 0, ends = 0;
  for (int64_t q = 0; q < kRows; ++q) {
    const RowPlan plan = sampler.plan(q);
    if (!plan.windows[0].is_prompt) {
      continue;
    }
    const Window& prompt = plan.windows[0];
    REQUIRE(plan.windows[1].document != prompt.document);
    REQUIRE(corpus.source(plan.windows[1].document) ==
            corpus.source(prompt.document));
    ++prompts;
    ends += prompt.end == corpus.tokens(prompt.document);
    for (size_t w = 1; w < plan.windows.size(); ++w) {
      REQUIRE_FALSE(plan.windows[w].is_prompt);
    }
  }
  REQUIRE(std::abs(prompts / double{kRows} - 0.25) < 0.02);
  // Some prompts of the other half end with the episode by chance.
  REQUIRE(ends / static_cast<double>(prompts) > 0.48);
  REQUIRE(ends / static_cast<double>(prompts) < 0.65);
}

TEST_CASE("A single episode of a task gets no prompt, and neither does text") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", long_episodes(1, 9), 3);
  TokenFileSpec text;
  text.has_episodes = false;
  text.task = "text";
  write_generated_tokens(folder / "b.h5", text, 3);
  std::vector<MixtureEntry> mixture{make_mixture_entry({folder / "a.h5"}),
                                    make_mixture_entry({folder / "b.h5"})};
  for (MixtureEntry& entry : mixture) {
    entry.prompt_fraction = 1;
  }
  const Corpus corpus(mixture);
  const SequenceSampler sampler(corpus, mixture, {64, 0, 1});
  for (int64_t q = 0; q < 100; ++q) {
    REQUIRE_FALSE(sampler.plan(q).windows[0].is_prompt);
  }
}

TEST_CASE("Prompts may come from another file of the same task") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", long_episodes(1, 9), 3);
  write_generated_tokens(folder / "b.h5", long_episodes(1, 9), 4);
  std::vector<MixtureEntry> mixture{make_mixture_entry({folder / "a.h5"}),
                                    make_mixture_entry({folder / "b.h5"})};
  for (MixtureEntry& entry : mixture) {
    entry.prompt_fraction = 1;
  }
  const Corpus corpus(mixture);
  REQUIRE(corpus.tasks().tasks.size() == 1);
  REQUIRE(corpus.tasks().tasks[0].episode_count == 2);
  const SequenceSampler sampler(corpus, mixture, {64, 0, 1});
  for (int64_t q = 0; q < 20; ++q) {
    REQUIRE(sampler.plan(q).windows[0].is_prompt);
  }
}

TEST_CASE("Every step of a long episode is used often enough") {
  const TestDirectory folder;
  data::TokenFileWriter writer(folder / "a.h5", false, small_vocabulary());
  writer.append(make_episode_document(200, 1, 1, 1));  // 5 tokens per step
  writer.commit(small_tasks(), small_provenance());
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const Corpus corpus(mixture);
  const SequenceSampler sampler(corpus, mixture, {100, 0, 1});
  std::vector<int> read(200);
  constexpr int kRows = 20000;
  for (int64_t q = 0; q < kRows; ++q) {
    for (const Window& window : sampler.plan(q).windows) {
      for (int64_t token = window.begin; token < window.end; ++token) {
        read[token / 5] += token % 5 == 0;
      }
    }
  }
  const double expected = kRows * 100 / 1000.0;
  for (int step : {0, 20, 100, 180, 198, 199}) {
    REQUIRE(read[step] == Approx(expected).epsilon(0.12));
  }
  for (int step = 1; step < 20; ++step) {
    REQUIRE(read[step] > 0.9 * expected);
    REQUIRE(read[step] < 2.1 * expected);
  }
}

TEST_CASE("Windows of steps are sampled uniformly") {
  const TestDirectory folder;
  data::TokenFileWriter writer(folder / "a.h5", false, small_vocabulary());
  writer.append(make_episode_document(10, 1, 1, 1));
  writer.append(make_episode_document(1, 1, 1, 2));
  writer.commit(small_tasks(), small_provenance());
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const Corpus corpus(mixture);
  const SequenceSampler sampler(corpus, mixture, {64, 2, 1});
  std::map<int64_t, int> count;  // by document and first step
  int windows = 0;
  for (int64_t q = 0; q < 2000; ++q) {
    for (const Window& window : sampler.plan(q).windows) {
      ++count[1000 * window.document + window.begin];
      ++windows;
    }
  }
  REQUIRE(count.size() == 10);  // nine pairs of steps, and the short episode
  for (const auto& [window, n] : count) {
    REQUIRE(n == Approx(windows / 10.0).epsilon(0.12));
  }
}

TEST_CASE("A row has at most 256 segments") {
  const TestDirectory folder;
  TokenFileSpec shape;
  shape.documents = 3;
  shape.max_steps = 1;
  shape.max_observations = 1;
  shape.actions_per_step = 1;
  shape.max_image_side = 0;
  write_generated_tokens(folder / "a.h5", shape, 1);  // 3 tokens per episode
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const Corpus corpus(mixture);
  for (int64_t window_steps : {0, 1}) {
    const SequenceSampler sampler(corpus, mixture, {1024, window_steps, 1});
    REQUIRE(sampler.plan(0).windows.size() <= 256);
    REQUIRE(sampler.plan(0).windows.size() >= 255);
  }
}

TEST_CASE("Five documents per sequence are complete if they fit") {
  const TestDirectory folder;
  TokenFileSpec shape;
  shape.has_episodes = false;
  shape.task = "captions";
  shape.documents = 30;
  write_generated_tokens(folder / "a.h5", shape, 1);
  std::vector<MixtureEntry> mixture{make_mixture_entry({folder / "a.h5"})};
  mixture[0].documents_per_sequence = 5;
  const Corpus corpus(mixture);
  const SequenceSampler sampler(corpus, mixture, {256, 0, 1});
  std::map<int64_t, int> count;
  for (int64_t q = 0; q < 600; ++q) {
    const RowPlan plan = sampler.plan(q);
    REQUIRE(plan.windows.size() == 5);
    for (const Window& window : plan.windows) {
      REQUIRE(window.begin == 0);
      REQUIRE(window.end == corpus.tokens(window.document));
      REQUIRE_FALSE(window.is_prompt);
      ++count[window.document];
    }
  }
  REQUIRE(count.size() == 30);
  for (const auto& [document, n] : count) {
    REQUIRE(n == Approx(100).epsilon(0.4));
  }
}

TEST_CASE("Five documents that are longer than a row are cropped at random") {
  const TestDirectory folder;
  data::TokenFileWriter writer(folder / "a.h5", false, small_vocabulary());
  data::TokenizedDocument document = make_text_document(10);
  document.task_index = 1;
  for (int i = 0; i < 8; ++i) {
    writer.append(document);
  }
  writer.commit(small_tasks(), small_provenance());
  std::vector<MixtureEntry> mixture{make_mixture_entry({folder / "a.h5"})};
  mixture[0].documents_per_sequence = 5;
  const Corpus corpus(mixture);
  constexpr int64_t kLength = 32;
  const SequenceSampler sampler(corpus, mixture, {kLength, 0, 1});
  std::map<int64_t, int> starts;  // within their document
  constexpr int kRows = 1900;     // 100 for each of 19 offsets in 50 tokens
  for (int64_t q = 0; q < kRows; ++q) {
    const RowPlan plan = sampler.plan(q);
    int64_t tokens = 0;
    for (const Window& window : plan.windows) {
      tokens += window.end - window.begin;
    }
    REQUIRE(tokens == kLength);
    // Only the first and the last document are cropped.
    for (size_t w = 1; w < plan.windows.size(); ++w) {
      REQUIRE(plan.windows[w].begin == 0);
      REQUIRE(plan.windows[w - 1].end == 10);
    }
    ++starts[plan.windows[0].begin];
  }
  // The offsets are 0 to 18. Each start from 0 to 8 is that of two offsets, in
  // the first and in the second document.
  REQUIRE(starts.size() == 10);
  for (const auto& [start, n] : starts) {
    REQUIRE(n == Approx(start == 9 ? 100 : 200).epsilon(0.3));
  }
}

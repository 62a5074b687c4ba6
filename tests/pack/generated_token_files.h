// Token files of any shape, for testing the properties of packing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/data/token_file.h"
#include "gato/pack/mixture.h"

namespace gato::test {

// The shape of a generated file. The sizes of its documents are random, from 1
// to the maximum.
struct TokenFileSpec {
  std::string task = "control/a";
  bool has_episodes = true;
  int documents = 4;
  int max_steps = 6;         // per episode
  int max_observations = 3;  // per step
  int actions_per_step = 2;
  int max_image_side = 2;    // in patches; 0: no images
  int max_text_tokens = 20;  // per document that is not an episode
  bool has_labels = false;   // labels that differ from the executed actions
  std::vector<std::string> sources = {"expert"};
  tokenize::Resize resize;  // the recorded size of the images
};

// Returns documents that depend on the seed. Document i has return i.
std::vector<data::TokenizedDocument> generate_documents(
    const TokenFileSpec& shape, uint64_t seed);
// Returns the task and the sources of `documents` generated documents.
data::TaskTable generated_tasks(const TokenFileSpec& shape, int64_t documents);
void write_generated_tokens(const std::filesystem::path& path,
                            const TokenFileSpec& shape, uint64_t seed);

pack::MixtureEntry make_mixture_entry(
    const std::vector<std::filesystem::path>& files, double weight = 1);

}  // namespace gato::test

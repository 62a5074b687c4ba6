// Token files of any shape, for the properties of packing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/data/token_file.h"
#include "gato/pack/mixture.h"

namespace gato::test {

// What a generated file is like; every document differs within it.
struct TokenFileSpec {
  std::string task = "control/a";
  bool has_episodes = true;
  int documents = 4;
  int max_steps = 6;         // at most, of an episode
  int max_observations = 3;  // at most, a step
  int actions_per_step = 2;  // a step
  int max_image_side = 2;    // in patches, at most; 0: no images
  int max_text_tokens = 20;  // tokens at most, of a document that is no episode
  bool has_labels = false;   // other labels than the actions that were executed
  std::vector<std::string> sources = {"expert"};
  tokenize::Resize
      resize;  // what the file says that its images were brought to
};

// Writes documents that the seed decides; document i has return i.
void write_generated_tokens(const std::filesystem::path& path,
                            const TokenFileSpec& shape, uint64_t seed);

pack::MixtureEntry make_mixture_entry(
    const std::vector<std::filesystem::path>& files, double weight = 1);

}  // namespace gato::test

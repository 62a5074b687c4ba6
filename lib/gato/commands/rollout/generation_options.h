// The options of the commands that generate text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gato/cli/option_table.h"
#include "gato/commands/rollout/decoding_options.h"
#include "gato/model/token_sampler.h"
#include "gato/rollout/text_model.h"

namespace gato::commands {

struct GenerationOptions {
  std::string model;
  std::optional<double> temperature, top_p;
  std::optional<int64_t> top_k;
  bool greedy = false;
  int64_t max_tokens = 64;
  std::optional<std::string> resize;
  DecodingOptions decoding;
};

// Adds --model, --temperature, --top-k, --top-p, --greedy, --max-tokens,
// --resize, --precision and --device. `unit` is what the command generates, in
// the singular.
void add_generation_options(cli::OptionTable& table, GenerationOptions& options,
                            const std::string& unit);

// Returns the sampling of the options. Without --temperature, it is greedy
// unless --top-k, --top-p or `is_sampled` ask for samples.
model::SamplingOptions make_sampling_options(const GenerationOptions& options,
                                             uint64_t seed, bool is_sampled);

// Loads the model. Throws what model::load_model() and rollout::TextModel
// throw, and Error(usage) if --resize, --precision or --device are invalid.
rollout::TextModel load_text_model(const GenerationOptions& options);

}  // namespace gato::commands

#include "gato/commands/rollout/generation_options.h"

#include "gato/base/error.h"
#include "gato/data/task.h"

namespace gato::commands {
namespace {

void add_sampling_options(cli::OptionTable& table, GenerationOptions& options) {
  table
      .add("temperature", &options.temperature,
           "Sample tokens at this temperature; the paper's is 0.9, and 0 is "
           "the same as --greedy")
      .metavar("T")
      .range(0, 1e6)
      .default_is(
          "greedy, or 1 if --top-k, --top-p or multiple samples are requested");
  table
      .add("top-k", &options.top_k,
           "Sample only among the K most likely tokens")
      .metavar("K")
      .range(1, 1e9)
      .default_is("all tokens");
  table
      .add("top-p", &options.top_p,
           "Sample only among the most likely tokens, as few as have a total "
           "probability of at least P")
      .metavar("P")
      .range(0, 1)
      .default_is("all tokens");
  table.add("greedy", &options.greedy, "Always take the most likely token");
  table.add_check([&options] {
    const bool has_temperature =
        options.temperature.value_or(0) > 0 || options.top_k || options.top_p;
    if (options.greedy && has_temperature) {
      throw base::usage_error(
          "--greedy cannot be combined with --temperature, --top-k or --top-p");
    }
  });
}

}  // namespace

void add_generation_options(cli::OptionTable& table, GenerationOptions& options,
                            const std::string& unit) {
  table
      .add("model", &options.model,
           "Model directory, or a run directory of gato-train")
      .metavar("DIR")
      .required();
  add_sampling_options(table, options);
  table
      .add("max-tokens", &options.max_tokens,
           "Maximum number of tokens per " + unit)
      .metavar("N")
      .range(1, 65536);
  add_resize_option(table, options.resize);
  add_decoding_options(table, options.decoding);
}

model::SamplingOptions make_sampling_options(const GenerationOptions& options,
                                             uint64_t seed, bool is_sampled) {
  const bool samples_by_default =
      is_sampled || options.top_k.has_value() || options.top_p.has_value();
  const double temperature =
      options.temperature.value_or(samples_by_default ? 1 : 0);
  model::SamplingOptions sampling;
  sampling.seed = seed;
  sampling.greedy = options.greedy || temperature == 0;
  if (!sampling.greedy) {
    sampling.temperature = temperature;
    sampling.top_k = options.top_k.value_or(0);
    sampling.top_p = options.top_p.value_or(1);
  }
  return sampling;
}

rollout::TextModel load_text_model(const GenerationOptions& options) {
  std::optional<tokenize::Resize> resize;
  if (options.resize) {
    resize = data::parse_resize(*options.resize, "option --resize");
  }
  return {load_model_for_decoding(options.model, options.decoding), resize};
}

}  // namespace gato::commands

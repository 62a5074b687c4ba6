#include "gato/commands/rollout/control_validation.h"

#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/ingest/episodes/minari_writer.h"
#include "gato/rollout/animation.h"

namespace gato::commands {
namespace {

bool names_prompt_dataset(const RolloutControlOptions& options) {
  return options.prompt && options.prompt != "own" && options.prompt != "none";
}

void validate_video(const RolloutControlOptions& options, bool may_exist) {
  if (!rollout::is_animation_name(*options.video)) {
    throw base::usage_error(
        "--video {}: a video is an animated PNG or WebP; use a name that ends "
        "in .png, .apng or .webp (ffmpeg converts it to other formats)",
        *options.video);
  }
  base::check_output(*options.video, may_exist);
  base::AtomicOutput::check_kind(*options.video,
                                 base::AtomicOutput::Kind::file);
  if (find_environments(options.environments).size() > 1) {
    throw base::usage_error(
        "--video records a single environment: specify one --env or "
        "--env-command");
  }
}

// Throws Error(usage) if the output is one of the inputs.
void check_output_is_not_input(const RolloutControlOptions& options,
                               const cli::CommonOptions& common) {
  std::vector<std::string> inputs = common.config_files;
  inputs.push_back(options.model.value_or(""));
  if (names_prompt_dataset(options)) {
    inputs.push_back(*options.prompt);
  }
  inputs.insert(inputs.end(), options.demonstrations.begin(),
                options.demonstrations.end());
  for (const std::string& input : inputs) {
    base::check_input_is_not_output(input, common.output);
  }
}

void validate_nearest(const RolloutControlOptions& options) {
  const bool is_nearest = options.policy == "nearest";
  if (is_nearest && options.demonstrations.empty()) {
    throw base::usage_error(
        "--policy nearest: --demonstrations DATASET... is missing");
  }
  if (!is_nearest && (!options.demonstrations.empty() ||
                      options.neighbors != RolloutControlOptions().neighbors)) {
    throw base::usage_error(
        "--demonstrations and --neighbors apply to --policy nearest only");
  }
}

}  // namespace

void validate_control_options(const RolloutControlOptions& options,
                              const cli::CommonOptions& common) {
  if (options.model && options.noise > 0) {
    throw base::usage_error("--noise applies to a --policy, not to a --model");
  }
  if (options.temperature && options.greedy) {
    throw base::usage_error(
        "--greedy and --temperature are mutually exclusive");
  }
  if (!options.model &&
      (options.prompt || options.context_steps || options.temperature ||
       options.greedy || options.mask_actions || options.resize)) {
    throw base::usage_error(
        "--prompt, --context-steps, --temperature, --greedy, --blank-actions "
        "and --resize apply to a --model, not to a --policy");
  }
  if (!options.model && (options.decoding.precision != "auto" ||
                         options.decoding.device != "cpu")) {
    throw base::usage_error(
        "--precision and --device apply to a --model, not to a --policy");
  }
  validate_nearest(options);
  const bool has_prompt_dataset = names_prompt_dataset(options);
  if (options.prompt_part != "first" && !has_prompt_dataset) {
    throw base::usage_error("--prompt-part {} requires --prompt DATASET",
                            options.prompt_part);
  }
  if (options.prompt_part == "nearest" && options.context_steps == 1) {
    throw base::usage_error(
        "--prompt-part nearest requires more than --context-steps 1, which "
        "leaves no room for a prompt");
  }
  if (options.control_period && !(control_period(options) > 0)) {
    throw base::usage_error(
        "--control-period {}: must be a positive duration, such as 50ms",
        *options.control_period);
  }
  const bool may_exist = common.force || options.resume;
  base::check_output(common.output, may_exist);
  base::AtomicOutput::check_kind(common.output,
                                 base::AtomicOutput::Kind::directory);
  check_output_is_not_input(options, common);
  ingest::require_only_minari_datasets(common.output);
  if (options.video) {
    validate_video(options, may_exist);
  }
}

}  // namespace gato::commands

#include "gato/commands/train/train_data.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

#include "gato/base/error.h"
#include "gato/train/input/mixture_data.h"

namespace gato::commands {
namespace {

// Throws Error(usage) if an option of a mixture is given without one.
void check_mixture_options(const TrainingDataOptions& data) {
  const std::pair<const char*, bool> mixture_options[] = {
      {"length", data.length.has_value()},
      {"sequences", data.sequences.has_value()},
      {"pack-seed", data.pack_seed.has_value()}};
  for (const auto& [name, is_given] : mixture_options) {
    if (is_given && !data.mixture) {
      throw base::usage_error(
          "--{} requires --mixture; the sequences of --data are already packed",
          name);
    }
  }
}

}  // namespace

void add_training_data_options(cli::OptionTable& table,
                               TrainingDataOptions& options) {
  table
      .add("data", &options.files,
           "Sequence files from gato-pack, treated as one dataset")
      .metavar("FILE...")
      .files()
      .may_change_on_resume();
  table
      .add("mixture", &options.mixture,
           "Instead of --data: TOML file of [[mixture]] tables, as for "
           "gato-pack; the sequences are sampled from its token files during "
           "training")
      .metavar("FILE")
      .may_change_on_resume();
  table.add("length", &options.length, "With --mixture: tokens per sequence")
      .metavar("L")
      .range(2, 1 << 20)
      .default_is("--context")
      .fixed_on_resume();
  table
      .add("sequences", &options.sequences,
           "With --mixture: number of distinct sequences, after which they "
           "repeat; 0: as many as would hold every token once")
      .metavar("N")
      .range(0, 1LL << 40)
      .default_is("0")
      .fixed_on_resume();
  table
      .add("pack-seed", &options.pack_seed,
           "With --mixture: seed of the sequences, like --seed of gato-pack")
      .metavar("SEED")
      .range(0, 0x1p62)
      .default_is("0")
      .fixed_on_resume();
  table.require_exactly_one({"data", "mixture"}, {"export"});
  table.add_check([&options] { check_mixture_options(options); });
}

std::unique_ptr<train::TrainingData> open_training_data(
    const TrainingDataOptions& data, const NetworkOptions& network) {
  if (!data.mixture) {
    return std::make_unique<train::SequenceFileData>(
        std::vector<std::filesystem::path>{data.files.begin(),
                                           data.files.end()});
  }
  const pack::PackingOptions sampling{
      .length = data.length.value_or(network.config.context),
      .window_steps = network.window_steps.value_or(0),
      .seed = static_cast<uint64_t>(data.pack_seed.value_or(0))};
  return std::make_unique<train::MixtureData>(*data.mixture, sampling,
                                              data.sequences.value_or(0));
}

std::unique_ptr<train::SequenceFileData> open_validation_data(
    const TrainingDataOptions& options, const model::ModelConfig& model,
    bool is_rank_zero) {
  if (options.validation.empty()) {
    return nullptr;
  }
  auto data = std::make_unique<train::SequenceFileData>(
      std::vector<std::filesystem::path>{options.validation.begin(),
                                         options.validation.end()});
  train::check_compatible(model, *data);
  if (data->window_steps() != model.window_steps && is_rank_zero) {
    spdlog::warn(
        "--validation {}: the sequences have windows of {} steps, but those of "
        "the training data have {} (0: as many as fit), so that the losses are "
        "not comparable: pack them with --window-steps {}",
        data->display_name(), data->window_steps(), model.window_steps,
        model.window_steps);
  }
  return data;
}

int64_t read_sequence_length(const TrainingDataOptions& data,
                             const NetworkOptions& network) {
  if (data.mixture) {
    return data.length.value_or(network.config.context);
  }
  return data::SequenceFileReader(data.files.front()).info().sequence_length;
}

model::ModelConfig make_model_config(const NetworkOptions& options,
                                     const train::TrainingData& data) {
  model::ModelConfig config = options.config;
  config.position = options.position_encoding == "rotary"
                        ? model::PositionEncoding::rotary
                        : model::PositionEncoding::relative;
  config.action_position = options.action_position_encoding == "none"
                               ? model::ActionPositionEncoding::none
                               : model::ActionPositionEncoding::shared;
  config.window_steps = data.window_steps();
  if (options.window_steps && *options.window_steps != config.window_steps) {
    throw base::usage_error(
        "--window-steps is {}, but the sequences have windows of {} steps; "
        "omit the option, or pack the sequences again",
        *options.window_steps, config.window_steps);
  }
  config.vocabulary = data.vocabulary();
  config.tasks = data.tasks();
  config.validate();
  train::check_compatible(config, data);
  return config;
}

}  // namespace gato::commands

#include "gato/train/finetuning.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "gato/base/output.h"
#include "gato/cli/config.h"
#include "gato/model/directory.h"
#include "gato/tokenize/episode_draw.h"
#include "gato/train/few_shot.h"
#include "gato/train/options.h"
#include "gato/train/preset.h"
#include "gato/train/run_directory.h"
#include "gato/train/sequence_set.h"
#include "gato/train/session.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// Paper, appendix E: Adam, constant rate, dropout in place of stochastic depth.
OptimisationOptions fine_tuning_defaults() {
  OptimisationOptions options;
  options.batch_size = 64;
  options.learning_rate = 1e-5;
  options.warmup_steps = 0;
  options.decay_steps = 0;
  options.adamw.weight_decay = 0;
  options.stochastic_depth = 0;
  options.dropout = 0.1;
  return options;
}

struct FinetuningOptions {
  std::string init;
  std::string preset;
  std::optional<std::string> demonstrations;
  std::vector<std::string> data;
  int64_t max_episode_steps = 0;
  std::vector<int64_t> episodes;
  int64_t repeats = 1;
  PolicyEvaluation evaluation;
  int64_t evaluate_every = 100;
  OptimisationOptions optimisation = fine_tuning_defaults();
  RunOptions run = {.steps = 10000, .max_time = {}};
};

class Finetuning {
 public:
  Finetuning(const FinetuningOptions& options, const cli::OptionTable& table,
             const PolicyEvaluator& evaluator, const cli::Context& context)
      : options_(options),
        table_(table),
        evaluator_(evaluator),
        context_(context),
        config_(load_config(options.init)) {}

  ExitStatus run() {
    const fs::path output = context_.common.output;
    if (!options_.demonstrations) {
      const SequenceSet data({options_.data.begin(), options_.data.end()});
      check_before_work(data.tasks(), {output});
      return train(data, output);
    }
    demonstrations_.emplace(*options_.demonstrations, config_,
                            options_.max_episode_steps);
    const std::vector<Part> parts = parts_of(output);
    std::vector<fs::path> outputs;
    for (const Part& part : parts) outputs.push_back(part.output);
    check_before_work(demonstrations_->tasks(), outputs);
    const int64_t total = demonstrations_->check();
    if (context_.common.force) remove_old_curve(output);
    for (const Part& part : parts) {  // refuses before any work
      draw_episodes(seed(), part.repeat, total, part.episodes.value_or(total));
    }
    for (const Part& part : parts) {
      if (part.episodes) {
        spdlog::info("{} demonstrations, repeat {} of {}", *part.episodes,
                     part.repeat, options_.repeats);
      }
      const ExitStatus status =
          train_on(draw_episodes(seed(), part.repeat, total,
                                 part.episodes.value_or(total)),
                   part.output);
      if (status != ExitStatus::done) return status;
    }
    return ExitStatus::done;
  }

 private:
  // One run of a call: all demonstrations, or a number that is drawn.
  struct Part {
    std::optional<int64_t> episodes;
    int64_t repeat = 0;
    fs::path output;
  };

  std::vector<Part> parts_of(const fs::path& output) const {
    if (options_.episodes.empty()) return {{.episodes = {}, .output = output}};
    std::vector<Part> parts;
    for (int64_t repeat = 1; repeat <= options_.repeats; ++repeat) {
      for (int64_t count : options_.episodes) {
        parts.push_back(
            {count, repeat,
             output / fmt::format("episodes-{}-repeat-{}", count, repeat)});
      }
    }
    return parts;
  }

  uint64_t seed() const { return context_.common.seed; }

  // The runs of an earlier call, which a script that reads the curve would mix
  // with those of this one.
  void remove_old_curve(const fs::path& output) const {
    std::error_code ignored;
    if (options_.episodes.empty() || options_.run.resume ||
        !fs::is_directory(output, ignored)) {
      return;
    }
    std::vector<fs::path> old;
    for (const auto& entry : fs::directory_iterator(output)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("episodes-") &&
          name.find("-repeat-") != std::string::npos &&
          holds_run(entry.path())) {
        old.push_back(entry.path());
      }
    }
    for (const fs::path& run : old) fs::remove_all(run, ignored);
  }

  void check_before_work(const TaskTable& tasks,
                         const std::vector<fs::path>& outputs) const {
    if (!options_.evaluation.environment.empty()) {
      evaluator_.check(options_.evaluation, tasks);
    }
    for (const fs::path& output : outputs) {
      check_run_output(output, options_.run.resume, context_.common);
    }
  }

  ExitStatus train_on(const std::vector<int64_t>& episodes,
                      const fs::path& output) {
    Provenance provenance(context_);
    const TemporaryDirectory temporary("gato-finetune");
    return train(SequenceSet({demonstrations_->write(temporary.path(), episodes,
                                                     seed(), provenance)}),
                 output);
  }

  ExitStatus train(const SequenceSet& data, const fs::path& output) {
    check_fit(config_, data);
    Session session{.output = output,
                    .data = data,
                    .optimisation = options_.optimisation,
                    .run = options_.run,
                    .start = [&] { return start(data); },
                    .configuration = context_.record.configuration,
                    .config_toml = cli::to_toml(table_, options_of_call()),
                    .started = started_,
                    .evaluate = {},
                    .threads = context_.common.threads};
    if (!options_.evaluation.environment.empty()) {
      session.evaluate_every = options_.evaluate_every;
      session.evaluate = [&](const Network& network) {
        PolicyEvaluation evaluation = options_.evaluation;
        evaluation.seed = seed();
        evaluation.threads = context_.common.threads;
        evaluation.blank_actions = options_.optimisation.blank_actions == 1;
        return nlohmann::json{
            {"evaluation", evaluator_.evaluate(network, evaluation)}};
      };
    }
    return run_session(session, context_);
  }

  // The model's weights; its tasks are those of the demonstrations.
  std::unique_ptr<Network> start(const SequenceSet& data) const {
    const Model model = load_model(options_.init);
    ModelConfig config = config_;
    config.window_steps = data.window_steps();
    config.tasks = data.tasks();
    std::map<std::string, at::Tensor> weights;
    for (const Parameter& parameter : model.network->parameters()) {
      weights[parameter.name] = parameter.value.detach();
    }
    return std::make_unique<Network>(config, weights);
  }

  const FinetuningOptions& options_;
  const cli::OptionTable& table_;
  const PolicyEvaluator& evaluator_;
  const cli::Context& context_;
  const std::chrono::steady_clock::time_point started_ =
      std::chrono::steady_clock::now();
  const ModelConfig config_;
  std::optional<Demonstrations> demonstrations_;
};

void check(const FinetuningOptions& options) {
  if (!options.episodes.empty() && !options.demonstrations) {
    throw usage_error("--episodes draws from --demonstrations, not --data");
  }
  std::set<int64_t> seen;
  for (int64_t count : options.episodes) {
    if (count < 1) throw usage_error("--episodes {}: give 1 or more", count);
    if (!seen.insert(count).second) {
      throw usage_error(
          "--episodes names {} twice; --repeats draws a number more than once",
          count);
    }
  }
}

cli::Work build(cli::OptionTable& table, const PolicyEvaluator& evaluator) {
  auto options = std::make_shared<FinetuningOptions>();
  table.add("init", &options->init, "Model to start from: its directory or run")
      .named("MODEL")
      .required();
  table
      .add("preset", &options->preset,
           fmt::format("Read options from a named configuration ({}); --config "
                       "and the command line win over it",
                       fmt::join(preset_names(PresetFor::finetuning), ", ")))
      .named("NAME");
  table.beneath([options] {
    std::vector<std::string> files;
    if (!options->preset.empty()) {
      files.push_back(
          preset_path(PresetFor::finetuning, options->preset).string());
    }
    return files;
  });
  table
      .add("demonstrations", &options->demonstrations,
           "Dataset of episodes, tokenized as the model reads them")
      .named("DATASET");
  table
      .add("max-episode-steps", &options->max_episode_steps,
           "Steps after which a demonstration ends where the dataset does not "
           "say: D4RL files without timeouts need it")
      .within(0, 1e12);
  table
      .add("data", &options->data,
           "Sequence files of gato-pack, in place of a dataset")
      .named("FILE...")
      .files();
  table
      .add("episodes", &options->episodes,
           "Numbers of demonstrations to draw, a run each; all where absent. "
           "Smaller sets lie within larger ones")
      .named("N,...");
  table
      .add("repeats", &options->repeats,
           "Draws of each number, from different seeds")
      .named("N")
      .within(1, 1e6);
  table.require_one({"demonstrations", "data"});
  table.group("Evaluation");
  table
      .add("env", &options->evaluation.environment,
           "Environment to play in on the way")
      .named("NAME");
  table.add("eval-every", &options->evaluate_every, "Steps between evaluations")
      .within(1, 1e12);
  table
      .add("eval-episodes", &options->evaluation.episodes,
           "Episodes an evaluation")
      .within(1, 1e9);
  add_run_options(table, options->run);
  add_optimisation_options(table, options->optimisation);
  table.check([options] { check(*options); });
  return [options, &table, evaluator](cli::Context& context) {
    return Finetuning(*options, table, evaluator, context).run();
  };
}

}  // namespace

cli::Command finetuning_command(const PolicyEvaluator& evaluator) {
  cli::Command command;
  command.summary = "Fine-tune a model on few demonstrations";
  command.description =
      "Goes on training a model on one task, with the settings of the paper's "
      "fine-tuning: Adam at a constant rate of 1e-5, batches of 64, dropout "
      "0.1, 10,000 steps.\n\n"
      "OUTPUT is a run as of gato-train. With --episodes it holds a run for "
      "every number and repeat, OUTPUT/episodes-3-repeat-1/ and so on: the "
      "points of a few-shot curve. With --env, metrics.jsonl has lines with "
      "\"evaluation\" beside those of the training.";
  command.output = cli::Output::required;
  command.output_help = "Directory of the run";
  command.output_may_exist = true;
  command.build = [evaluator](cli::OptionTable& table) {
    return build(table, evaluator);
  };
  command.examples = {
      {"gato-finetune --init run --demonstrations catch-expert -o tuned",
       "All demonstrations"},
      {"gato-finetune --init run --demonstrations catch-expert --episodes "
       "1,10,100 --repeats 3 --env arcade/catch -o curve",
       "A few-shot curve of nine runs"}};
  return command;
}

}  // namespace gato

#include "gato/train/finetuning.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gato/cli/config.h"
#include "gato/model/directory.h"
#include "gato/tokenize/episode_draw.h"
#include "gato/train/few_shot.h"
#include "gato/train/options.h"
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
  std::optional<std::string> demonstrations;
  std::vector<std::string> data;
  std::vector<int64_t> episodes;
  int64_t repeats = 1;
  PolicyEvaluation evaluation;
  int64_t evaluate_every = 100;
  OptimisationOptions optimisation = fine_tuning_defaults();
  RunOptions run = {.steps = 10000, .max_time = {}};
};

// A folder of its own beside the temporary files of the system.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "gato-finetune-XXXXXX");
    if (!::mkdtemp(name.data())) {
      throw io_error("{}: cannot create a temporary folder", name);
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

class Finetuning {
 public:
  Finetuning(const FinetuningOptions& options, const cli::OptionTable& table,
             const EvaluatePolicy& evaluate, const cli::Context& context)
      : options_(options),
        table_(table),
        evaluate_(evaluate),
        context_(context),
        config_(load_config(options.init)) {}

  ExitStatus run() {
    const fs::path output = context_.common.output;
    if (!options_.demonstrations) {
      return train({options_.data.begin(), options_.data.end()}, output);
    }
    demonstrations_.emplace(*options_.demonstrations, config_);
    const int64_t total = std::ssize(demonstrations_->usable());
    if (options_.episodes.empty()) {
      return train_on(draw_episodes(seed(), 0, total, total), output);
    }
    for (int64_t count : options_.episodes) {
      draw_episodes(seed(), 0, total, count);  // refuses before any work
    }
    for (int64_t repeat = 1; repeat <= options_.repeats; ++repeat) {
      for (int64_t count : options_.episodes) {
        const fs::path part =
            output / fmt::format("episodes-{}-repeat-{}", count, repeat);
        spdlog::info("{} demonstrations, repeat {} of {}", count, repeat,
                     options_.repeats);
        const ExitStatus status =
            train_on(draw_episodes(seed(), repeat, total, count), part);
        if (status != ExitStatus::done) return status;
      }
    }
    return ExitStatus::done;
  }

 private:
  uint64_t seed() const { return context_.common.seed; }

  ExitStatus train_on(const std::vector<int64_t>& episodes,
                      const fs::path& output) {
    Provenance provenance(context_);
    const fs::path sequences =
        demonstrations_->write(temporary_.path(), episodes, seed(), provenance);
    return train({sequences}, output);
  }

  ExitStatus train(const std::vector<fs::path>& files, const fs::path& output) {
    const SequenceSet data(files);
    check_fit(config_, data);
    check_run_output(output, options_.run.resume, context_.common.force);
    Session session{.output = output,
                    .data = data,
                    .optimisation = options_.optimisation,
                    .run = options_.run,
                    .start = [&] { return start(data); },
                    .configuration = context_.record.configuration,
                    .config_toml = cli::to_toml(table_),
                    .started = started_,
                    .evaluate = {}};
    if (!options_.evaluation.environment.empty()) {
      session.evaluate_every = options_.evaluate_every;
      session.evaluate = [&](const Network& network) {
        PolicyEvaluation evaluation = options_.evaluation;
        evaluation.seed = seed();
        evaluation.threads = context_.common.threads;
        return nlohmann::json{{"evaluation", evaluate_(network, evaluation)}};
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
  const EvaluatePolicy& evaluate_;
  const cli::Context& context_;
  const std::chrono::steady_clock::time_point started_ =
      std::chrono::steady_clock::now();
  const ModelConfig config_;
  const TemporaryFolder temporary_;
  std::optional<Demonstrations> demonstrations_;
};

void check(const FinetuningOptions& options) {
  if (options.demonstrations.has_value() == !options.data.empty()) {
    throw usage_error("give either --demonstrations or --data");
  }
  if (!options.episodes.empty() && !options.demonstrations) {
    throw usage_error("--episodes draws from --demonstrations, not --data");
  }
  for (int64_t count : options.episodes) {
    if (count < 1) throw usage_error("--episodes {}: give 1 or more", count);
  }
}

cli::Work build(cli::OptionTable& table, const EvaluatePolicy& evaluate) {
  auto options = std::make_shared<FinetuningOptions>();
  table.add("init", &options->init, "Model to start from: its directory or run")
      .named("MODEL")
      .required();
  table
      .add("demonstrations", &options->demonstrations,
           "Dataset of episodes, tokenized as the model reads them")
      .named("DATASET");
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
  return [options, &table, evaluate](cli::Context& context) {
    return Finetuning(*options, table, evaluate, context).run();
  };
}

}  // namespace

cli::Command finetuning_command(EvaluatePolicy evaluate) {
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
  command.build = [evaluate](cli::OptionTable& table) {
    return build(table, evaluate);
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

#include "gato/rollout/control.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/cli/progress.h"
#include "gato/cli/table.h"
#include "gato/data/minari.h"
#include "gato/rollout/check_environment.h"
#include "gato/rollout/film.h"
#include "gato/rollout/player.h"
#include "gato/rollout/score_table.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr int frames_per_second = 20;

void check_video(const std::string& video, bool force) {
  const std::string extension = fs::path(video).extension();
  if (extension != ".png" && extension != ".apng")
    throw usage_error(
        "--video {}: a film is an animated PNG, whose name ends in .png or "
        ".apng; ffmpeg makes others from it",
        video);
  check_output(video, force);
}

void validate(const ControlOptions& options, const cli::Context& context) {
  if (options.check_environments) return;
  if (options.model && options.noise > 0)
    throw usage_error("--noise disturbs a --policy, not a --model");
  if (options.temperature && options.greedy)
    throw usage_error("--greedy and --temperature exclude each other");
  if (!options.model &&
      (options.prompt || options.context_steps || options.temperature ||
       options.greedy || options.blank_actions || options.resize))
    throw usage_error(
        "--prompt, --context-steps, --temperature, --greedy, --blank-actions "
        "and --resize are a --model's options");
  if (options.video && options.environments.size() > 1)
    throw usage_error("--video films one environment; give one --env");
  std::set<std::string> named;
  for (const std::string& name : options.environments)
    if (!named.insert(name).second)
      throw usage_error("--env names {} twice; --episodes plays more of it",
                        name);
  check_only_datasets(context.common.output);
  if (options.video) check_video(*options.video, context.common.force);
}

// A maker of environments, one for every task that is played.
std::vector<EnvironmentFactory> factories(const ControlOptions& options) {
  if (options.environment_command) {
    const ExternalOptions external{options.hello_timeout, options.step_timeout};
    return {[command = *options.environment_command, external] {
      return start_environment(command, external);
    }};
  }
  std::vector<EnvironmentFactory> factories;
  for (const std::string& name : options.environments)
    factories.push_back([name] { return make_environment(name); });
  return factories;
}

// Makes `first` when called for the first time: an environment that was started
// to learn its spec is not started twice.
EnvironmentFactory starting_with(std::unique_ptr<Environment> first,
                                 EnvironmentFactory make) {
  auto waiting =
      std::make_shared<std::unique_ptr<Environment>>(std::move(first));
  return [waiting, make = std::move(make)] {
    return *waiting ? std::move(*waiting) : make();
  };
}

// Films the first episode; a second attempt at it replaces the first.
Watcher film_into(Film& film) {
  return [&film](const Turn& turn) {
    if (turn.episode != 0) return;
    if (turn.step == 0) film.clear();
    try {
      film.add(picture_of(turn));
    } catch (const EnvironmentError& error) {
      spdlog::warn("--video: no picture of step {}: {}", turn.step,
                   error.what());
    }
  };
}

ExitStatus check(const ControlOptions& options, const cli::Context& context) {
  bool all_passed = true;
  for (const EnvironmentFactory& make : factories(options)) {
    const std::unique_ptr<Environment> environment = make();
    cli::Table table({"check", "result", "detail"});
    for (const EnvironmentCheck& check :
         check_environment(*environment, context.common.seed)) {
      table.add({check.name, check.passed ? "ok" : "FAILED", check.detail});
      all_passed &= check.passed;
    }
    std::cout << table.text();
  }
  return all_passed ? ExitStatus::done : ExitStatus::run_failed;
}

// One run of the command: every task with the same player.
class Control {
 public:
  Control(const ControlOptions& options, cli::Context& context)
      : options_(options),
        context_(context),
        player_(options, context.common.seed) {}

  ExitStatus run() {
    std::vector<EnvironmentFactory> makes = factories(options_);
    const fs::path output = context_.common.output;
    if (makes.size() == 1) {
      play(makes[0], [&](const std::string&) { return Place{output, output}; });
    } else {
      AtomicOutput datasets(output, context_.common.force,
                            AtomicOutput::Kind::directory);
      for (EnvironmentFactory& make : makes)
        play(make, [&](const std::string& task) {
          const fs::path dataset = datasets.temporary() / task;
          fs::create_directories(dataset.parent_path());
          return Place{dataset, output / task};
        });
      datasets.commit();
    }
    std::cout << table_.text();
    cli::report_counts({{"episodes", counts_.episodes},
                        {"steps", counts_.steps},
                        {"retried", counts_.retried},
                        {"failed", counts_.failed}});
    return ExitStatus::done;
  }

 private:
  struct Place {
    fs::path dataset;  // where it is written
    fs::path shown;    // where it will be in the end
  };
  using DatasetPath = std::function<Place(const std::string& task)>;

  void play(const EnvironmentFactory& make, const DatasetPath& path) {
    std::unique_ptr<Environment> first = make();
    const EnvironmentSpec spec = first->spec();
    const std::string task = spec.task.name;
    const PolicyFactory make_policy = player_.prepare(spec);
    const Place place = path(task);
    MinariWriter writer(place.dataset, context_.common.force,
                        {spec.task, player_.name()}, place.shown);
    TaskScore score(task);
    Film film;
    cli::Progress progress(task, "episodes", options_.episodes);
    const RunnerCounts counts = run_episodes(
        {options_.episodes, options_.batch, context_.common.threads,
         options_.max_steps, context_.common.seed},
        starting_with(std::move(first), make), make_policy,
        [&](Episode&& episode) {
          score.add(episode);
          writer.append(episode);
          progress.add();
        },
        options_.video ? film_into(film) : Watcher{});
    Provenance provenance(context_);
    player_.add_inputs(provenance);
    writer.commit(provenance);
    if (film.frames() > 0)
      write_file(*options_.video, film.to_apng(frames_per_second),
                 context_.common.force);
    report(task, counts, score);
  }

  void report(const std::string& task, const RunnerCounts& counts,
              const TaskScore& score) {
    if (counts.failed == counts.episodes)
      spdlog::warn(
          "{}: all {} episodes failed; the dataset holds what they had", task,
          counts.episodes);
    else if (counts.failed > 0)
      spdlog::warn(
          "{}: {} of {} episodes failed, so there is no mean; gato-eval score "
          "counts them with the random policy's return",
          task, counts.failed, counts.episodes);
    table_.add(score.row());
    counts_.episodes += counts.episodes;
    counts_.steps += counts.steps;
    counts_.retried += counts.retried;
    counts_.failed += counts.failed;
  }

  const ControlOptions& options_;
  cli::Context& context_;
  Player player_;
  cli::Table table_{TaskScore::header()};
  RunnerCounts counts_;
};

}  // namespace

ExitStatus control(const ControlOptions& options, cli::Context& context) {
  if (options.list_environments) {
    for (const std::string& name : environment_names())
      std::cout << name << '\n';
    return ExitStatus::done;
  }
  validate(options, context);
  if (options.check_environments) return check(options, context);
  return Control(options, context).run();
}

}  // namespace gato

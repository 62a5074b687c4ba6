// Measures the speed of training steps, and profiles them.
//
//   train_bench SEQUENCES.h5 PRESET.toml [--device cuda] [--precision bf16]
//     [--position rotary] [--rows N] [--micro-batches N] [--steps N]
//     [--threads N] [--activation-checkpointing] [--profile N] [--turns]
//     [--order N]
//
// Prints the real tokens per second, without padding; the fraction of the time
// spent waiting for data; the achieved FLOP/s relative to those of large matrix
// products, measured in the same run; and the peak memory.
//
// --profile prints the N slowest operations (kernels on a GPU). --turns and
// --order serve compare_torch. With --turns, the program prints "ready" after
// two steps of warm-up. Then it reads numbers of steps, runs that many
// steps and prints their tokens and seconds. --order prints the indices of the
// first N sequences that it would read.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <toml++/toml.h>
#include <torch/csrc/autograd/profiler_kineto.h>
#include <torch/csrc/profiler/collection.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gato/model/device.h"
#include "gato/train/adamw.h"
#include "gato/train/flat_buffer.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/input/epoch_order.h"
#include "gato/train/input/sequence_file_data.h"
#include "gato/train/resource_usage.h"
#include "gato/train/step_gradient.h"
#include "run_as_program.h"

namespace gato {
namespace {

namespace profiler = torch::autograd::profiler;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Options {
  std::string data, preset, device = "cpu", precision = "auto", position;
  int64_t rows = 2, micro_batches = 1, steps = 5, threads = 2, profile = 0;
  int64_t order = 0;
  bool turns = false, checkpointing = false;
  double stochastic_depth = 0.1;
};

Options parse_options(int argc, char** argv) {
  Options options;
  CLI::App app("Measures the speed of a training step");
  app.add_option("data", options.data)->required();
  app.add_option("preset", options.preset)->required();
  app.add_option("--device", options.device);
  app.add_option("--precision", options.precision);
  app.add_option("--position", options.position);
  app.add_option("--rows", options.rows, "Rows per micro-batch");
  app.add_option("--micro-batches", options.micro_batches);
  app.add_option("--steps", options.steps,
                 "Measured steps, after two steps of warm-up");
  app.add_option("--threads", options.threads);
  app.add_option("--stochastic-depth", options.stochastic_depth);
  app.add_flag("--activation-checkpointing", options.checkpointing);
  app.add_option("--profile", options.profile);
  app.add_option("--order", options.order);
  app.add_flag("--turns", options.turns);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

model::ModelConfig make_config(const Options& options,
                               const train::SequenceFileData& data) {
  const toml::table preset = toml::parse_file(options.preset);
  model::ModelConfig config;
  config.layers = preset["layers"].value_or(config.layers);
  config.width = preset["width"].value_or(config.width);
  config.heads = preset["heads"].value_or(config.heads);
  config.key_size = preset["key-size"].value_or(config.key_size);
  config.feedforward = preset["feedforward"].value_or(config.feedforward);
  config.context = std::max(data.sequence_length(), config.context);
  const std::string position = options.position.empty()
                                   ? preset["position"].value_or("relative")
                                   : options.position;
  config.position = position == "rotary" ? model::PositionEncoding::rotary
                                         : model::PositionEncoding::relative;
  config.vocabulary = data.vocabulary();
  config.tasks = data.tasks();
  return config;
}

// Adds the time of each event, without that of the operations it called, to the
// total of its name.
void add_own_time(const std::vector<profiler::experimental_event_t>& events,
                  std::map<std::string, double>& seconds) {
  for (const auto& event : events) {
    const auto duration = [](const auto& timed) {
      return static_cast<double>(timed->endTimeNS() - timed->start_time_ns_) *
             1e-9;
    };
    double own = duration(event);
    for (const auto& child : event->children_) {
      own -= duration(child);
    }
    seconds[event->name()] += std::max(0.0, own);
    add_own_time(event->children_, seconds);
  }
}

// Runs a step and prints the `max_lines` operations that took the most time.
template <class Step>
void print_profile(at::Device device, int64_t max_lines, Step step) {
  using torch::profiler::impl::ActivityType;
  const torch::profiler::impl::ProfilerConfig config(
      torch::profiler::impl::ProfilerState::KINETO);
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (!device.is_cpu()) {
    activities.insert(ActivityType::CUDA);
  }
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  step();
  const auto result = profiler::disableProfiler();
  std::map<std::string, double> seconds;
  if (device.is_cpu()) {
    add_own_time(result->event_tree(), seconds);
  } else {
    for (const profiler::KinetoEvent& event : result->events()) {
      if (event.deviceType() == at::kCUDA) {
        seconds[event.name()] += static_cast<double>(event.durationNs()) * 1e-9;
      }
    }
  }
  std::vector<std::pair<double, std::string>> sorted;
  double total = 0;
  for (const auto& [name, time] : seconds) {
    sorted.emplace_back(time, name);
    total += time;
  }
  std::sort(sorted.rbegin(), sorted.rend());
  for (size_t i = 0;
       i < std::min(sorted.size(), static_cast<size_t>(max_lines)); ++i) {
    fmt::print("{:6.2f} %  {:9.3f} ms  {:.110}\n",
               100 * sorted[i].first / total, 1e3 * sorted[i].first,
               sorted[i].second);
  }
}

constexpr uint64_t kSeed = 1;

void print_order(const Options& options) {
  const train::SequenceFileData data({options.data});
  const train::EpochOrder order(kSeed, data.row_count());
  for (int64_t i = 0; i < options.order; ++i) {
    fmt::print("{}\n", order.row(i));
  }
}

// The work and the time of a number of steps.
struct StepStatistics {
  int64_t tokens = 0, targets = 0;
  double seconds = 0;
  double data_wait = 0;  // the part of `seconds` spent waiting for data
};

// Trains a network, as gato-train does, without writing anything.
class StepRunner {
 public:
  explicit StepRunner(const Options& options)
      : device_(model::parse_device(options.device)),
        data_({options.data}),
        network_(make_config(options, data_), kSeed),
        gradient_options_{.threads = options.threads,
                          .stochastic_depth = options.stochastic_depth,
                          .seed = kSeed} {
    network_.move_to(device_);
    network_.set_precision(model::parse_precision(options.precision, device_));
    network_.set_activation_checkpointing(options.checkpointing);
    optimizer_.emplace(train::OptimizerOptions{}, network_.flat_parameters(),
                       network_.decayed_parameter_count());
    loader_.emplace(data_, loader_options(options, device_), 0);
  }

  at::Device device() const { return device_; }
  const model::Network& network() const { return network_; }
  int64_t sequence_length() const { return data_.sequence_length(); }

  void step(StepStatistics& statistics) {
    const auto wait_start = Clock::now();
    const train::StepBatch batch = loader_->next();
    statistics.data_wait += seconds_since(wait_start);
    train::LossTable losses;
    train::compute_step_gradient(network_, batch, gradient_options_,
                                 optimizer_->gradients(), losses);
    optimizer_->step(1e-4, train::l2_norm(optimizer_->gradients()));
    statistics.tokens += batch.token_count;
    statistics.targets += batch.target_count;
  }

  StepStatistics run_steps(int64_t steps) {
    StepStatistics statistics;
    const auto start = Clock::now();
    for (int64_t i = 0; i < steps; ++i) {
      step(statistics);
    }
    train::l2_norm(optimizer_->gradients());  // waits for the GPU
    statistics.seconds = seconds_since(start);
    return statistics;
  }

 private:
  static train::BatchLoaderOptions loader_options(const Options& options,
                                                  at::Device device) {
    return {.seed = kSeed,
            .batch_size = options.rows * options.micro_batches,
            .micro_batch_size = options.rows,
            .device = device};
  }

  at::Device device_;
  train::SequenceFileData data_;
  model::Network network_;
  std::optional<train::AdamW> optimizer_;
  std::optional<train::BatchLoader> loader_;
  train::StepGradientOptions gradient_options_;
};

// Serves compare_torch: reads numbers of steps from stdin and runs them.
void run_turns(StepRunner& runner) {
  const auto print_line = [](const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  print_line("ready");
  for (int64_t steps = 0; std::cin >> steps;) {
    const StepStatistics statistics = runner.run_steps(steps);
    print_line(fmt::format("{} {:.6f}", statistics.tokens, statistics.seconds));
  }
}

void print_speed(const Options& options, const StepRunner& runner,
                 const StepStatistics& statistics) {
  const model::ModelConfig& config = runner.network().config();
  const model::Precision precision = runner.network().precision();
  const double seconds = statistics.seconds;
  const double matmul_rate =
      train::measure_matmul_flops_per_second(runner.device(), precision);
  const double achieved_rate =
      train::training_flops(config, runner.sequence_length(), statistics.tokens,
                            statistics.targets) /
      seconds;
  fmt::print(
      "{} {} {} {}: {:.0f} tokens/s, {:.0f} targets/s, {:.1f} ms per step, "
      "{:.3f} % waiting for data, {:.1f} of {:.1f} GFLOP/s: {:.1f} %, {:.2f} "
      "GB\n",
      std::filesystem::path(options.preset).stem().string(),
      config.position == model::PositionEncoding::rotary ? "rotary"
                                                         : "relative",
      model::precision_name(precision), options.device,
      static_cast<double>(statistics.tokens) / seconds,
      static_cast<double>(statistics.targets) / seconds,
      1e3 * seconds / static_cast<double>(options.steps),
      100 * statistics.data_wait / seconds, achieved_rate * 1e-9,
      matmul_rate * 1e-9, 100 * achieved_rate / matmul_rate,
      static_cast<double>(train::peak_memory(runner.device())) * 1e-9);
  std::fflush(stdout);
}

void run(const Options& options) {
  at::set_num_threads(static_cast<int>(options.threads));
  StepRunner runner(options);
  runner.run_steps(2);
  if (options.turns) {
    run_turns(runner);
    return;
  }
  print_speed(options, runner, runner.run_steps(options.steps));
  if (options.profile > 0) {
    print_profile(runner.device(), options.profile, [&] {
      StepStatistics statistics;
      runner.step(statistics);
    });
  }
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  return gato::bench::run_as_program("train_bench", [&] {
    const gato::Options options = gato::parse_options(argc, argv);
    options.order > 0 ? gato::print_order(options) : gato::run(options);
  });
}

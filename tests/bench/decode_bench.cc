// Measures incremental decoding: a time step of 7 tokens (five observations, a
// separator, and the action of the step before) that is appended to each slot
// of a KvCache, after which an action token is sampled for each slot.
//
//   decode_bench [--precision P...] [--position P...]
//     [--batch N...] [--filled N...] [--threads N] [--rounds N] [--cpu]
//   decode_bench --episode DIR --precision P --position P [--filled N]
//
// The network has random weights, the shape of gato-79m and a small vocabulary.
// Each line shows the time of a step alongside its floor, the larger of
//
//   memory     the bytes of the weights that the step reads, at the bandwidth
//              of reading as many bytes
//   products   the floating-point operations of the step, at the rate of a
//              product [tokens of the step, d] x [d, 3HK] of LibTorch
//
// All three are measured in turns, in the same precision and on the same
// threads. Other programs may share the machine, so each figure is the best of
// all rounds; --cpu measures the CPU time of the process instead, with one
// thread. The floor of int8 counts a byte per weight and has the product rate
// of bf16.
//
// --episode serves torch_decoder.py: the program writes the network into a
// directory, plays an episode of --filled tokens in one slot, taking the most
// likely actions, and prints its tokens and the seconds of each step as JSON.
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/model/kv_cache.h"
#include "gato/model/model_directory.h"
#include "gato/model/network.h"
#include "gato/model/precision.h"
#include "gato/model/token_sampler.h"
#include "run_as_program.h"

namespace gato {
namespace {

constexpr int64_t kStepTokens = 7;
// The number of ids among which an action is sampled.
constexpr int64_t kActionIds = 1024;

struct Options {
  std::vector<std::string> precisions = {"fp32", "bf16", "int8"};
  std::vector<std::string> positions = {"relative", "rotary"};
  std::vector<int64_t> batches = {1, 16};
  std::vector<int64_t> filled = {128, 1024};
  int64_t threads = 1, rounds = 10;
  bool cpu_time = false;
  std::string episode;
};

Options parse_options(int argc, char** argv) {
  Options options;
  CLI::App app("Measures the speed of incremental decoding");
  app.add_option("--precision", options.precisions);
  app.add_option("--position", options.positions);
  app.add_option("--batch", options.batches, "Slots");
  app.add_option("--filled", options.filled, "Tokens in each slot");
  app.add_option("--threads", options.threads);
  app.add_option("--rounds", options.rounds);
  app.add_flag("--cpu", options.cpu_time, "Measure CPU time");
  app.add_option("--episode", options.episode, "Directory for a network");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

model::ModelConfig make_config(const std::string& position) {
  model::ModelConfig config;  // the defaults are gato-79m
  config.position = position == "rotary" ? model::PositionEncoding::rotary
                                         : model::PositionEncoding::relative;
  config.vocabulary =
      data::Vocabulary::make("", 64, data::DiscreteLayout::separate);
  return config;
}

// The clock of all measurements: CLOCK_MONOTONIC or, with --cpu,
// CLOCK_PROCESS_CPUTIME_ID.
clockid_t measured_clock = CLOCK_MONOTONIC;

double seconds_now() {
  timespec time{};
  clock_gettime(measured_clock, &time);
  return static_cast<double>(time.tv_sec) +
         1e-9 * static_cast<double>(time.tv_nsec);
}

// Returns the seconds of the fastest of several calls, which take at least
// `min_seconds` together.
template <class Function>
double best_seconds(double min_seconds, Function function) {
  double best = std::numeric_limits<double>::infinity(), total = 0;
  while (total < min_seconds) {
    const double start = seconds_now();
    function();
    const double seconds = seconds_now() - start;
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

// Reads memory of a given size with all threads.
class MemoryReader {
 public:
  explicit MemoryReader(int64_t bytes)
      : words_(at::ones({bytes / 8}, at::kLong)) {}

  double best_read_seconds() const {
    return best_seconds(0.02, [&] {
      const int64_t* words = words_.const_data_ptr<int64_t>();
      at::parallel_for(0, words_.numel(),
                       words_.numel() / at::get_num_threads(),
                       [&](int64_t begin, int64_t end) {
                         // Independent sums, so that the loop waits for nothing
                         // but memory.
                         int64_t sums[16] = {};
                         int64_t i = begin;
                         for (; i + 16 <= end; i += 16) {
                           for (int64_t j = 0; j < 16; ++j) {
                             sums[j] += words[i + j];
                           }
                         }
                         volatile int64_t sink = 0;
                         for (const int64_t sum : sums) {
                           sink = sink + sum;
                         }
                       });
    });
  }

 private:
  at::Tensor words_;
};

// Computes the product [tokens, d] x [d, 3HK] of LibTorch.
class Product {
 public:
  Product(const model::ModelConfig& config, int64_t tokens, at::ScalarType type)
      : x_(at::randn({tokens, config.width}).to(type)),
        weights_(at::randn({3 * config.heads * config.key_size, config.width})
                     .to(type)) {}

  double best_flops_per_second() const {
    const double flops = 2.0 * static_cast<double>(x_.size(0)) *
                         static_cast<double>(weights_.numel());
    return flops / best_seconds(0.02, [&] { at::linear(x_, weights_); });
  }

 private:
  at::Tensor x_, weights_;
};

// Elements of the matrices that a step reads: those of the blocks, without the
// projection of relative positions, and the rows of the sampled ids.
int64_t weights_per_step(const model::ModelConfig& config) {
  const int64_t attention = 4 * config.heads * config.key_size * config.width;
  const int64_t feedforward = config.width * config.feedforward * 3 / 2;
  return config.layers * (attention + feedforward) + kActionIds * config.width;
}

// Multiplications and additions of a step in `batch` slots with `filled`
// tokens each, including those of attention.
double flops_per_step(const model::ModelConfig& config, int64_t batch,
                      int64_t filled) {
  const double tokens = static_cast<double>(batch * kStepTokens);
  const bool is_relative = config.position == model::PositionEncoding::relative;
  const double attention = 2.0 *
                           static_cast<double>(config.layers * config.heads *
                                               config.key_size * filled) *
                           (is_relative ? 3 : 2);
  return tokens *
         (2.0 * static_cast<double>(weights_per_step(config)) + attention);
}

data::IdRange action_ids(const model::ModelConfig& config) {
  const int32_t begin = config.vocabulary.continuous_begin();
  return {begin, begin + static_cast<int32_t>(kActionIds)};
}

int32_t random_id(const model::ModelConfig& config,
                  base::RandomStream& stream) {
  return config.vocabulary.continuous_begin() +
         static_cast<int32_t>(stream.uniform_int(data::Vocabulary::kBinCount));
}

void push_action(int32_t id, data::TokenRow& row) {
  row.push_back(id, data::Modality::continuous_action,
                data::TokenRow::kActionLocalPosition);
}

// Appends random observations and a separator.
void push_observation(const model::ModelConfig& config,
                      base::RandomStream& stream, data::TokenRow& row) {
  for (int16_t i = 0; i + 2 < kStepTokens; ++i) {
    row.push_back(random_id(config, stream),
                  data::Modality::continuous_observation, i);
  }
  row.push_back(config.vocabulary.separator(), data::Modality::separator,
                data::TokenRow::kNoLocalPosition);
}

// Appends steps of random tokens to all slots, as a policy does.
class Stepper {
 public:
  Stepper(const model::Network& network, int64_t batch, int64_t filled)
      : network_(network), cache_(network, batch), filled_(filled) {
    for (int64_t slot = 0; slot < batch; ++slot) {
      slots_.push_back(slot);
    }
    while (cache_.length(0) + kStepTokens <= filled_) {
      step();
    }
  }

  void step() {
    for (const int64_t slot : slots_) {
      if (cache_.length(slot) + kStepTokens > filled_) {
        cache_.evict(slot, kStepTokens);
      }
    }
    std::vector<data::TokenRow> chunks(slots_.size());
    std::vector<model::SampleKey> keys;
    for (data::TokenRow& chunk : chunks) {
      push_action(random_id(network_.config(), stream_), chunk);
      push_observation(network_.config(), stream_, chunk);
      keys.push_back({keys.size(), step_++, 0});
    }
    model::sample_tokens(cache_.decoder(), cache_.append(slots_, chunks),
                         std::vector<data::IdRange>(
                             slots_.size(), action_ids(network_.config())),
                         keys, {});
  }

 private:
  const model::Network& network_;
  model::KvCache cache_;
  int64_t filled_;
  std::vector<int64_t> slots_;
  base::RandomStream stream_{1};
  uint64_t step_ = 0;
};

void measure(const Options& options, const model::Network& network,
             const std::string& precision, int64_t batch, int64_t filled) {
  const model::ModelConfig& config = network.config();
  const int64_t bytes_per_weight = precision == "fp32"   ? 4
                                   : precision == "bf16" ? 2
                                                         : 1;
  const int64_t bytes = weights_per_step(config) * bytes_per_weight;
  const MemoryReader reader(bytes);
  const Product product(config, batch * kStepTokens,
                        precision == "fp32" ? at::kFloat : at::kBFloat16);
  Stepper stepper(network, batch, filled);
  double read = std::numeric_limits<double>::infinity(), rate = 0,
         step = std::numeric_limits<double>::infinity();
  for (int64_t round = 0; round < options.rounds; ++round) {
    read = std::min(read, reader.best_read_seconds());
    rate = std::max(rate, product.best_flops_per_second());
    step = std::min(step, best_seconds(0.1, [&] { stepper.step(); }));
  }
  const double products = flops_per_step(config, batch, filled) / rate;
  const double floor = std::max(read, products);
  fmt::print(
      "{:<8} {:<4} {:>5} {:>6} {:>9.2f} {:>9.2f} {:>5.2f} {:>9.2f} {:>9.2f} "
      "{:>6.1f} {:>8.0f}\n",
      config.position == model::PositionEncoding::relative ? "relative"
                                                           : "rotary",
      precision, batch, filled, 1e3 * step, 1e3 * floor, step / floor,
      1e3 * read, 1e3 * products, 1e-9 * static_cast<double>(bytes) / read,
      1e-9 * rate);
  std::fflush(stdout);
}

// Writes the network and plays an episode, for torch_decoder.py.
void play_episode(const Options& options) {
  at::set_num_threads(static_cast<int>(options.threads));
  const model::ModelConfig config = make_config(options.positions.at(0));
  // Larger embeddings than usual make the most likely ids depend on the past.
  model::Network network(config, /*seed=*/1, {.embedding_scale = 0.3});
  model::write_model(options.episode, network);
  network.set_precision(
      model::parse_decoding_precision(options.precisions.at(0), at::kCPU));
  model::KvCache cache(network, 1);
  base::RandomStream stream(1);
  const data::IdRange ids = action_ids(config);
  nlohmann::json episode = {{"ids", {ids.begin, ids.end}}};
  data::TokenRow chunk;
  for (int64_t length = 0; length + kStepTokens <= options.filled.at(0);
       length += kStepTokens) {
    data::TokenRow observation;
    push_observation(config, stream, observation);
    episode["observations"].push_back(observation.tokens);
    chunk.append(observation, 0, observation.size());
    const double start = seconds_now();
    const int64_t slot = 0;
    const int32_t action =
        model::sample_tokens(cache.decoder(),
                             cache.append({&slot, 1}, {&chunk, 1}),
                             std::vector{ids}, std::vector<model::SampleKey>(1),
                             {.greedy = true})
            .front();
    episode["seconds"].push_back(seconds_now() - start);
    episode["actions"].push_back(action);
    chunk = {};
    push_action(action, chunk);
  }
  fmt::print("{}\n", episode.dump());
}

void run(const Options& options) {
  const at::NoGradGuard no_gradients;
  at::set_num_threads(static_cast<int>(options.threads));
  measured_clock =
      options.cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  fmt::print("{} threads, {} tokens per step and slot\n", options.threads,
             kStepTokens);
  fmt::print(
      "{:<8} {:<4} {:>5} {:>6} {:>9} {:>9} {:>5} {:>9} {:>9} {:>6} {:>8}\n",
      "position", "", "batch", "filled", "step, ms", "floor, ms", "ratio",
      "memory", "products", "GB/s", "GFLOP/s");
  for (const std::string& position : options.positions) {
    model::Network network(make_config(position), /*seed=*/1);
    for (const std::string& precision : options.precisions) {
      network.set_precision(
          model::parse_decoding_precision(precision, at::kCPU));
      for (const int64_t batch : options.batches) {
        for (const int64_t filled : options.filled) {
          measure(options, network, precision, batch, filled);
        }
      }
    }
  }
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  return gato::bench::run_as_program("decode_bench", [&] {
    const gato::Options options = gato::parse_options(argc, argv);
    options.episode.empty() ? gato::run(options) : gato::play_episode(options);
  });
}

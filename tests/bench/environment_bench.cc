// Measures the speed of the built-in environments, in steps per second of one
// thread with random actions, including resets.
//
//   environment_bench                                   all of them
//   environment_bench --benchmark_filter='^control/'    one domain
//
// memory/copy is the limit of an observation of 64 x 64 pixels: allocating and
// filling the array that a step returns.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/env/builtin_environment.h"
#include "run_benchmarks.h"

namespace gato {
namespace {

// More actions than a short episode has steps, generated before the time is
// taken.
constexpr int kActionCount = 1000;

std::vector<data::FieldValues> random_actions(const data::TaskSpec& task) {
  base::RandomStream random(1);
  std::vector<data::FieldValues> actions(kActionCount);
  for (data::FieldValues& action : actions) {
    for (const data::Field& field : task.action_fields) {
      data::Array value = data::Array::zeros(field.dtype, field.shape);
      for (int64_t i = 0; i < value.size(); ++i) {
        value.set(i, field.role == data::Role::discrete
                         ? static_cast<double>(random.uniform_int(field.n[i]))
                         : random.uniform(field.low[i], field.high[i]));
      }
      action.emplace_back(std::move(value));
    }
  }
  return actions;
}

void play(benchmark::State& state, const env::BuiltinTask& task) {
  const std::unique_ptr<env::Environment> environment = task.make();
  const std::vector<data::FieldValues> actions =
      random_actions(environment->spec().task);
  uint64_t seed = 0;
  size_t next_action = 0;
  environment->reset(seed);
  for (auto _ : state) {
    const env::StepResult result =
        environment->step(actions[next_action++ % actions.size()]);
    if (result.terminated || result.truncated) {
      environment->reset(++seed);
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void copy_image(benchmark::State& state) {
  data::Image image;
  image.height = image.width = 64;
  image.pixels.resize(size_t{3} * 64 * 64);
  for (auto _ : state) {
    benchmark::DoNotOptimize(env::image_value(image));
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  return gato::bench::run_benchmarks(argc, argv, [] {
    benchmark::RegisterBenchmark("memory/copy", gato::copy_image);
    for (const gato::env::BuiltinTask& task : gato::env::builtin_tasks()) {
      benchmark::RegisterBenchmark(
          task.name.c_str(),
          [&task](benchmark::State& state) { gato::play(state, task); });
    }
  });
}

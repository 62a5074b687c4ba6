// Measures searches of --policy nearest among a million steps, in queries per
// second of one thread, alongside the limit: reading as many bytes as the steps
// have in single precision, in the same run.
//
//   nearest_bench --benchmark_filter='/39/'    observations of 39 numbers
//
// Steps are trajectories, as demonstrations are: random walks of 200 steps.
// Queries are new steps of such walks. `independent` are independent normal
// numbers instead, where nearly every block must be read to its end: the worst
// case.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "gato/base/random.h"
#include "gato/rollout/neighbor_index.h"
#include "run_benchmarks.h"

namespace gato {
namespace {

constexpr int64_t kSteps = 1'000'000, kEpisodeSteps = 200;

class Walk {
 public:
  Walk(int64_t width, bool is_independent, uint64_t seed)
      : row_(width), is_independent_(is_independent), random_(seed) {}

  const std::vector<double>& next() {
    for (double& number : row_) {
      number = is_independent_ || step_ % kEpisodeSteps == 0
                   ? random_.normal()
                   : number + 0.1 * random_.normal();
    }
    ++step_;
    return row_;
  }

 private:
  std::vector<double> row_;
  bool is_independent_;
  base::RandomStream random_;
  int64_t step_ = 0;
};

// The index of the last benchmark that used one: each takes a second to make.
const rollout::NeighborIndex& index_of(int64_t width, bool is_independent) {
  static std::unique_ptr<rollout::NeighborIndex> index;
  static std::pair<int64_t, bool> made{0, false};
  if (made != std::pair(width, is_independent)) {
    index.reset();
    index = std::make_unique<rollout::NeighborIndex>(width);
    Walk walk(width, is_independent, 1);
    for (int64_t i = 0; i < kSteps; ++i) {
      index->add_row(walk.next(), 0);
    }
    index->finish();
    made = {width, is_independent};
  }
  return *index;
}

void search(benchmark::State& state, int64_t width, int64_t batch,
            bool is_independent) {
  const rollout::NeighborIndex& index = index_of(width, is_independent);
  std::vector<Walk> walks;
  std::vector<std::vector<double>> rows(batch);
  const std::vector<int64_t> groups = {0};
  for (int64_t i = 0; i < batch; ++i) {
    walks.emplace_back(width, is_independent, 100 + i);
  }
  for (auto _ : state) {
    std::vector<rollout::NeighborIndex::Query> queries;
    for (int64_t i = 0; i < batch; ++i) {
      rows[i] = walks[i].next();
      queries.push_back({rows[i], groups, 1});
    }
    benchmark::DoNotOptimize(index.search(queries));
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

// Reads as many bytes as the index has.
void read(benchmark::State& state, int64_t width) {
  std::vector<uint64_t> data(kSteps * width / 2, 1);
  for (auto _ : state) {
    // Independent sums, so that only the memory limits the speed.
    uint64_t sums[8] = {};
    for (size_t i = 0; i + 8 <= data.size(); i += 8) {
      for (size_t j = 0; j < 8; ++j) {
        sums[j] += data[i + j];
      }
    }
    benchmark::DoNotOptimize(sums);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(data.size()) * 8);
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  return gato::bench::run_benchmarks(argc, argv, [] {
    for (const int64_t width : {4, 39}) {
      const std::string size = std::to_string(width);
      benchmark::RegisterBenchmark(
          ("read/" + size + "/").c_str(),
          [=](benchmark::State& state) { gato::read(state, width); });
      for (const bool is_independent : {false, true}) {
        for (const int64_t batch : {1, 16}) {
          benchmark::RegisterBenchmark(
              ((is_independent ? "independent/" : "walks/") + size + "/" +
               std::to_string(batch))
                  .c_str(),
              [=](benchmark::State& state) {
                gato::search(state, width, batch, is_independent);
              });
        }
      }
    }
  });
}

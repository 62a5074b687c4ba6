// The main() of the programs that use Google Benchmark.
#pragma once

#include <benchmark/benchmark.h>

namespace gato::bench {

// Parses the options of Google Benchmark, calls `register_benchmarks()` and
// runs what it registers. Returns the exit status of the program: 2 if an
// option is unknown.
template <class Register>
int run_benchmarks(int argc, char** argv, Register register_benchmarks) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  register_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace gato::bench

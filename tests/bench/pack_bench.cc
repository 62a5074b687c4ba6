// Measures the speed of packing token files from the page cache, in bytes of
// output per second.
//
//   pack_bench                       uses the folder for temporary files
//   TMPDIR=/mnt/memory pack_bench    uses a file system in memory, which
//                                    excludes the disk
//
// rows/SOURCE builds sequences in one thread and discards them. file/SOURCE/T
// does what gato-pack --threads T does, including the final fsync.
#include <benchmark/benchmark.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/make_field.h"
#include "gato/base/file_io.h"
#include "gato/base/random.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/pack/write_sequences.h"
#include "run_benchmarks.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// A folder that is removed when the process exits.
const fs::path& folder() {
  static const base::TemporaryDirectory folder("gato-pack-bench");
  return folder.path();
}

// The shape of the token file of a source.
struct Source {
  std::string name;
  int64_t documents;
  int64_t steps;         // per episode; 0 for pairs of image and text
  int64_t observations;  // continuous values per step
  int64_t actions;       // continuous values per step
  int64_t image_side;    // in patches; 0 for no image
  double new_patches;    // fraction of patches that are in no earlier image
  int64_t text;          // tokens per pair
  int64_t sequences;     // sequences to write
  int64_t documents_per_sequence;
};

// The shapes of DM Control, Atari and MS-COCO in the paper (Reed et al. 2022).
const std::vector<Source>& sources() {
  static const std::vector<Source> kSources = {
      {"control", 64, 1000, 50, 6, 0, 0, 0, 20000, 0},
      {"pixels", 64, 100, 0, 1, 8, 0.1, 0, 4000, 0},
      {"pairs", 4000, 0, 0, 0, 8, 1, 12, 2000, 5}};
  return kSources;
}

// Generates random documents of a source.
class Generator {
 public:
  Generator(const Source& source, const data::Vocabulary& vocabulary)
      : source_(source), vocabulary_(vocabulary), random_(1) {}

  data::TokenizedDocument document() {
    data::TokenizedDocument document;
    document.is_episode = source_.steps > 0;
    document.step_offset = {0};
    for (int64_t step = 0; step < std::max<int64_t>(1, source_.steps); ++step) {
      if (source_.image_side > 0) {
        add_image(document);
      }
      add(document, source_.text, data::Modality::text);
      add(document, source_.observations,
          data::Modality::continuous_observation);
      if (document.is_episode) {
        add(document, 1, data::Modality::separator);
      }
      add(document, source_.actions, data::Modality::continuous_action);
      document.step_offset.push_back(std::ssize(document.tokens));
    }
    return document;
  }

 private:
  void add(data::TokenizedDocument& document, int64_t count,
           data::Modality modality) {
    for (int64_t i = 0; i < count; ++i) {
      int32_t token = vocabulary_.separator();
      if (modality != data::Modality::separator) {
        token = static_cast<int32_t>(random_.uniform_int(1024));
        if (modality != data::Modality::text) {
          token += vocabulary_.text_size;
        }
      }
      document.tokens.push_back(token);
      document.modality.push_back(modality);
    }
  }

  void add_image(data::TokenizedDocument& document) {
    const auto side = static_cast<int16_t>(source_.image_side);
    document.images.push_back({std::ssize(document.tokens), side, side});
    for (int64_t i = 0; i < side * side; ++i) {
      const bool is_new = random_.uniform() < source_.new_patches;
      const uint64_t key =
          is_new ? ++patches_ : random_.uniform_int(patches_ + 1);
      data::Patch patch{};
      for (size_t k = 0; k < sizeof key; ++k) {
        patch[k] = static_cast<uint8_t>(key >> (8 * k));
      }
      document.patches.push_back(patch);
      document.tokens.push_back(
          data::patch_token(std::ssize(document.patches) - 1));
      document.modality.push_back(data::Modality::patch);
    }
  }

  const Source& source_;
  const data::Vocabulary& vocabulary_;
  base::RandomStream random_;
  uint64_t patches_ = 0;
};

// Returns the token file of a source, which the first call writes.
fs::path token_file(const Source& source) {
  const fs::path path = folder() / (source.name + ".h5");
  if (fs::exists(path)) {
    return path;
  }
  const data::Vocabulary vocabulary =
      data::Vocabulary::make("", 32000, data::DiscreteLayout::overlap);
  data::TokenFileWriter writer(path, false, vocabulary);
  Generator generator(source, vocabulary);
  for (int64_t i = 0; i < source.documents; ++i) {
    writer.append(generator.document());
  }
  data::TaskEntry task;
  task.spec.name = source.name;
  if (source.steps > 0) {
    task.spec.action_fields = {
        test::make_field("action", data::Role::continuous, data::DType::float64,
                         {source.actions})};
  }
  data::Provenance provenance;
  provenance.enabled = false;
  writer.commit({{task}, {"agent"}}, provenance);
  return path;
}

std::vector<pack::MixtureEntry> make_mixture(const Source& source) {
  pack::MixtureEntry entry;
  entry.name = source.name;
  entry.files = {token_file(source)};
  entry.documents_per_sequence = source.documents_per_sequence;
  return {entry};
}

void pack_file(benchmark::State& state, const Source& source) {
  const pack::PackedDataset packing(make_mixture(source), {}, source.sequences);
  const fs::path path = folder() / "sequences.h5";
  data::Provenance provenance;
  provenance.enabled = false;
  for (auto _ : state) {
    pack::write_sequences(packing, {0, source.sequences},
                          {path, /*force=*/true, state.range(0)}, provenance);
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(fs::file_size(path)));
}

void build_rows(benchmark::State& state, const Source& source) {
  const pack::PackedDataset packing(make_mixture(source), {}, source.sequences);
  int64_t q = 0, bytes = 0;
  for (auto _ : state) {
    const pack::PackedRow packed = packing.row(q++ % source.sequences);
    benchmark::DoNotOptimize(packed.token_count);
    bytes += packing.options().length * 13 +
             std::ssize(packed.patches) * int64_t{sizeof(pack::PatchRef)};
  }
  state.SetBytesProcessed(bytes);
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  return gato::bench::run_benchmarks(argc, argv, [&] {
    spdlog::set_level(spdlog::level::warn);
    for (const gato::Source& source : gato::sources()) {
      benchmark::RegisterBenchmark(
          ("rows/" + source.name).c_str(),
          [&](benchmark::State& state) { gato::build_rows(state, source); });
      benchmark::RegisterBenchmark(
          ("file/" + source.name).c_str(),
          [&](benchmark::State& state) { gato::pack_file(state, source); })
          ->Arg(1)
          ->Arg(2)
          ->UseRealTime()
          ->MeasureProcessCPUTime()
          ->Unit(benchmark::kMillisecond);
    }
  });
}

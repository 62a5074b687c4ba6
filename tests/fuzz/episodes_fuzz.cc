// Episodes of Minari, D4RL and robomimic. The input picks a sample, which is
// then edited.
#include <array>

#include "fuzz/hdf5_edits.h"
#include "gato/base/output.h"
#include "gato/ingest/column.h"
#include "gato/ingest/episode_source.h"

using namespace gato;

namespace {

namespace fs = std::filesystem;

fs::path samples() { return GATO_SOURCE_DIR "/tests/samples"; }

struct Dataset : fuzz::EditedFile {
  // metadata.json lies beside the HDF5 file, if it is given.
  Dataset(const char* data, const char* metadata)
      : EditedFile(read_file(samples() / data)) {
    if (metadata == nullptr) return;
    fs::copy(samples() / metadata, path().parent_path() / "metadata.json");
  }
};

void read_all(const fs::path& path) {
  const auto source = open_episodes(path, {});
  source->notices();
  for (int64_t i = 0; i < source->episodes(); ++i) {
    fuzz::accepts([&] {
      const Episode episode = source->episode(i);
      for (const Column& column : episode.actions) {
        FUZZ_REQUIRE(rows_of(column) == episode.steps());
      }
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::array<Dataset, 5> datasets{
      {{"minari/old/data/main_data.hdf5", nullptr},
       {"minari/spaces/data/main_data.hdf5",
        "minari/spaces/data/metadata.json"},
       {"minari/frames/data/main_data.hdf5",
        "minari/frames/data/metadata.json"},
       {"d4rl/maze2d-umaze-v0.hdf5", nullptr},
       {"robomimic/real.hdf5", nullptr}}};
  FuzzedDataProvider input(data, size);
  Dataset& dataset =
      datasets[input.ConsumeIntegralInRange<size_t>(0, datasets.size() - 1)];
  dataset.edit(input);
  fuzz::accepts([&] { read_all(dataset.path()); });
  return 0;
}

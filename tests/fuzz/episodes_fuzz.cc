// Episodes of Minari, D4RL and robomimic. The input selects a sample and edits
// it.
#include <array>

#include "fuzz/hdf5_edits.h"
#include "gato/base/file_io.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/episodes/hdf5_columns.h"

using namespace gato;

namespace {

std::string sample(const char* name) {
  return base::read_file(
      std::filesystem::path(GATO_SOURCE_DIR "/tests/samples") / name);
}

void read_all(const std::filesystem::path& path) {
  const auto source = ingest::open_episodes(path, {});
  source->warnings();
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    fuzz::accepts([&] {
      const data::Episode episode = source->read_episode(i);
      for (const data::FieldColumn& column : episode.actions) {
        FUZZ_REQUIRE(ingest::row_count(column) == episode.step_count());
      }
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Small samples, which can be edited quickly.
  static std::array<fuzz::EditedFile, 3> files{
      fuzz::EditedFile(sample("minari/old/data/main_data.hdf5")),
      fuzz::EditedFile(sample("d4rl/maze2d-umaze-v0.hdf5")),
      fuzz::EditedFile(sample("robomimic/real.hdf5"))};
  FuzzedDataProvider input(data, size);
  fuzz::EditedFile& file =
      files[input.ConsumeIntegralInRange<size_t>(0, files.size() - 1)];
  file.edit(input);
  fuzz::accepts([&] { read_all(file.path()); });
  return 0;
}

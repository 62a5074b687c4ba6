#include "fuzz/hdf5_edits.h"
#include "gato/base/output.h"
#include "gato/ingest/episode_source.h"
#include "gato/ingest/minari_column.h"

using namespace gato;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(read_file(
      GATO_SOURCE_DIR "/tests/samples/minari/old/data/main_data.hdf5"));
  FuzzedDataProvider input(data, size);
  file.edit(input);
  fuzz::accepts([&] {
    const auto source = open_episodes(file.path(), {});
    source->notices();
    for (int64_t i = 0; i < source->episodes(); ++i) {
      fuzz::accepts([&] {
        const Episode episode = source->episode(i);
        for (const Column& column : episode.actions) {
          FUZZ_REQUIRE(rows_of(column) == episode.steps());
        }
      });
    }
  });
  return 0;
}

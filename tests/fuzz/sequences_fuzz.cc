#include "fuzz/hdf5_edits.h"
#include "gato/base/file_io.h"
#include "gato/data/sequence_file.h"

using namespace gato;

namespace {

std::string good_file() {
  const test::TestDirectory folder;
  constexpr int32_t length = 24;
  data::SequenceFileWriter writer(folder / "rows.h5", false,
                                  {2, length, 0, false},
                                  test::small_vocabulary());
  const data::TokenizedDocument document =
      test::make_episode_document(4, 2, 2, 1);
  for (int i = 0; i < 2; ++i) {
    data::SequenceRow row;
    row.features = data::make_token_row(document, 0, length);
    row.segment_ids.assign(length, 0);
    row.prompt_mask.assign(length, 0);
    for (int32_t& token : row.features.tokens) {
      if (!data::is_patch(token)) continue;
      token = data::patch_token(
          writer.add_patch(document.patches[data::patch_index(token)]));
    }
    writer.append(row);
  }
  writer.commit(test::small_tasks(), {document}, nullptr,
                test::small_provenance());
  return base::read_file(folder / "rows.h5");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(good_file());
  FuzzedDataProvider input(data, size);
  file.edit(input);
  fuzz::accepts([&] {
    const data::SequenceFileReader reader(file.path());
    for (int64_t i = 0; i < reader.sequence_count(); ++i) {
      fuzz::accepts([&] { reader.row(i); });
    }
    fuzz::accepts([&] { reader.read_demonstrations(); });
  });
  return 0;
}

// Sequence files: a valid one is edited and read completely.
#include "fuzz/hdf5_edits.h"
#include "gato/data/sequence_file.h"

using namespace gato;

namespace {

void write_valid_file(const std::filesystem::path& path) {
  constexpr int32_t kLength = 24;
  data::SequenceFileWriter writer(path, false, {2, kLength, 0, false},
                                  test::small_vocabulary());
  const data::TokenizedDocument document =
      test::make_episode_document(4, 2, 2, 1);
  for (int i = 0; i < 2; ++i) {
    data::SequenceRow row;
    row.input = data::make_token_row(document, 0, kLength);
    row.segment_ids.assign(kLength, 0);
    row.prompt_mask.assign(kLength, 0);
    for (int32_t& token : row.input.tokens) {
      if (!data::is_patch(token)) {
        continue;
      }
      token = data::patch_token(
          writer.add_patch(document.patches[data::patch_index(token)]));
    }
    writer.append(row);
  }
  writer.commit(test::small_tasks(), {document}, nullptr,
                test::small_provenance());
}

void read_all(const std::filesystem::path& path) {
  const data::SequenceFileReader reader(path);
  for (int64_t i = 0; i < reader.sequence_count(); ++i) {
    fuzz::accepts([&] { reader.row(i); });
  }
  fuzz::accepts([&] { reader.read_demonstrations(); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(fuzz::written_bytes(write_valid_file));
  fuzz::fuzz_edited(file, data, size, read_all);
  return 0;
}

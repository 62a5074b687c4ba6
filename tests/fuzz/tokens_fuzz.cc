// Token files: a valid one is edited and read completely.
#include "fuzz/hdf5_edits.h"

using namespace gato;

namespace {

void write_valid_file(const std::filesystem::path& path) {
  data::TokenFileWriter writer(path, false, test::small_vocabulary());
  for (int i = 0; i < 2; ++i) {
    writer.append(test::make_episode_document(3, 2, 2, i));
  }
  writer.append(test::make_text_document(20));
  writer.commit(test::small_tasks(), test::small_provenance());
}

void read_all(const std::filesystem::path& path) {
  const data::TokenFileReader reader(path);
  for (int64_t i = 0; i < reader.document_count(); ++i) {
    fuzz::accepts([&] {
      const data::TokenizedDocument document = reader.document(i);
      FUZZ_REQUIRE(document.tokens.size() == document.modality.size());
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(fuzz::written_bytes(write_valid_file));
  fuzz::fuzz_edited(file, data, size, read_all);
  return 0;
}

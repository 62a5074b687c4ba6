#include "fuzz/hdf5_edits.h"
#include "gato/base/output.h"

using namespace gato;

namespace {

std::string good_file() {
  const test::Folder folder;
  TokenFileWriter writer(folder / "tokens.h5", false, test::small_vocabulary());
  for (int i = 0; i < 2; ++i) {
    writer.append(test::episode_document(3, 2, 2, i));
  }
  writer.append(test::text_document(20));
  writer.commit(test::small_tasks(), test::small_provenance());
  return read_file(folder / "tokens.h5");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(good_file());
  FuzzedDataProvider input(data, size);
  file.edit(input);
  fuzz::accepts([&] {
    const TokenFileReader reader(file.path());
    for (int64_t i = 0; i < reader.documents(); ++i) {
      fuzz::accepts([&] {
        const TokenizedDocument document = reader.document(i);
        FUZZ_REQUIRE(document.tokens.size() == document.modality.size());
      });
    }
  });
  return 0;
}

#include "fuzz/hdf5_edits.h"
#include "gato/base/file_io.h"

using namespace gato;

namespace {

std::string good_file() {
  const test::TestDirectory folder;
  data::TokenFileWriter writer(folder / "tokens.h5", false,
                               test::small_vocabulary());
  for (int i = 0; i < 2; ++i) {
    writer.append(test::make_episode_document(3, 2, 2, i));
  }
  writer.append(test::make_text_document(20));
  writer.commit(test::small_tasks(), test::small_provenance());
  return base::read_file(folder / "tokens.h5");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(good_file());
  FuzzedDataProvider input(data, size);
  file.edit(input);
  fuzz::accepts([&] {
    const data::TokenFileReader reader(file.path());
    for (int64_t i = 0; i < reader.document_count(); ++i) {
      fuzz::accepts([&] {
        const data::TokenizedDocument document = reader.document(i);
        FUZZ_REQUIRE(document.tokens.size() == document.modality.size());
      });
    }
  });
  return 0;
}

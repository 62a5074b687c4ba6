#include "fuzz/fuzz.h"
#include "gato/ingest/coco.h"

using namespace gato;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile file;
  file.fill(fuzz::as_text(data, size));
  fuzz::accepts([&] {
    const CocoCaptions captions = read_coco_captions(file.path());
    for (const CocoCaption& caption : captions.captions) {
      FUZZ_REQUIRE(!caption.problem.empty() ||
                   static_cast<size_t>(caption.image) < captions.files.size());
    }
  });
  return 0;
}

// Text files: plain, compressed and JSON lines. The first byte selects the
// options.
#include <array>

#include "fuzz/fuzz.h"
#include "gato/ingest/text/text_source.h"
#include "gato/ingest/utf8.h"

using namespace gato;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::array kSeparators{"file", "lines", "blank-lines", "<|end|>",
                                   "aab"};
  if (size == 0) {
    return 0;
  }
  ingest::TextSourceOptions options;
  const size_t choice = data[0] % (kSeparators.size() + 1);
  options.format = choice == kSeparators.size() ? "jsonl" : "plain";
  if (choice < kSeparators.size()) {
    options.document_separator = kSeparators[choice];
  }
  static fuzz::MemoryFile file;
  file.fill(fuzz::as_text(data + 1, size - 1));
  ingest::TextSource source(file.path(), options);
  bool at_end = false;
  while (!at_end) {
    fuzz::accepts([&] {
      auto record = source.next();
      at_end = !record;
      if (record) {
        FUZZ_REQUIRE(!ingest::find_invalid_utf8(
            ingest::extract_text(std::move(*record))));
      }
    });
  }
  return 0;
}

// Headers of safetensors files. The first two bytes give the number of bytes of
// tensors that follow the header.
#include "fuzz/fuzz.h"
#include "gato/data/safetensors_header.h"

using namespace gato;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const uint64_t data_size = data[0] | uint64_t{data[1]} << 8;
  fuzz::accepts([&] {
    const data::SafetensorsHeader header = data::parse_safetensors_header(
        "fuzz", std::string(fuzz::as_text(data + 2, size - 2)), data_size);
    for (const data::SafetensorsTensorInfo& entry : header.tensors) {
      FUZZ_REQUIRE(entry.begin <= entry.end && entry.end <= data_size);
    }
  });
  return 0;
}

// Image files, and JPEG frames as datasets hold them.
#include "fuzz/fuzz.h"
#include "gato/ingest/image_file.h"
#include "gato/ingest/jpeg.h"

using namespace gato;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile file;
  file.fill(fuzz::as_text(data, size));
  fuzz::accepts([&] {
    const Image image = read_image(file.path());
    FUZZ_REQUIRE(image.pixels.size() == size_t{3} * image.height * image.width);
  });
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{32, 32, 3}, {32, 32}}) {
    fuzz::accepts([&] {
      std::vector<std::byte> pixels;
      decode_jpeg({data, size}, shape, pixels);
      FUZZ_REQUIRE(std::ssize(pixels) == element_count(shape));
    });
  }
  return 0;
}

#include "gato/data/patch_table.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "data/sample_documents.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

// Returns a patch that differs for each n.
Patch make_patch(int32_t n) {
  Patch patch{};
  std::memcpy(patch.data() + 100, &n, sizeof n);
  return patch;
}

}  // namespace

TEST_CASE("Every distinct patch keeps its number while the table grows") {
  TestDirectory directory;
  PatchTable table(directory / "x.h5");
  constexpr int32_t kCount = 20'000;  // the table grows several times
  for (int32_t n = 0; n < kCount; ++n) {
    REQUIRE(table.add(make_patch(n)) == n);
    REQUIRE(table.add(make_patch(n / 2)) == n / 2);
  }
  for (int32_t n = kCount; n-- > 0;) {
    REQUIRE(table.add(make_patch(n)) == n);
  }
  REQUIRE(table.size() == kCount);

  hdf5::Group file = hdf5::create_file(directory / "x.h5", directory / "x.h5");
  table.write(file, "patches");
  const Array pixels = file.dataset("patches").read_array();
  REQUIRE(pixels.shape == std::vector<int64_t>{kCount, 16, 16, 3});
  const Patch last = make_patch(kCount - 1);
  REQUIRE(
      std::equal(last.begin(), last.end(),
                 pixels.data<uint8_t>() + size_t{kCount - 1} * last.size()));
}

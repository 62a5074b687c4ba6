#include "gato/data/patch_table.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "data/sample_documents.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

Patch patch_number(int32_t n) {
  Patch patch{};
  std::memcpy(patch.data() + 100, &n, sizeof n);
  return patch;
}

}  // namespace

TEST_CASE("every distinct patch keeps its number, however many there are") {
  TestDirectory folder;
  PatchTable table(folder / "x.h5");
  constexpr int32_t count = 20'000;  // the table grows several times
  for (int32_t n = 0; n < count; ++n) {
    REQUIRE(table.add(patch_number(n)) == n);
    REQUIRE(table.add(patch_number(n / 2)) == n / 2);
  }
  for (int32_t n = count; n-- > 0;) {
    REQUIRE(table.add(patch_number(n)) == n);
  }
  REQUIRE(table.size() == count);

  hdf5::Group file = hdf5::create_file(folder / "x.h5", folder / "x.h5");
  table.write(file, "patches");
  const Array pixels = file.dataset("patches").read_array();
  REQUIRE(pixels.shape == std::vector<int64_t>{count, 16, 16, 3});
  const Patch last = patch_number(count - 1);
  REQUIRE(std::equal(last.begin(), last.end(),
                     pixels.data<uint8_t>() + size_t{count - 1} * last.size()));
}

#include "gato/base/share_directory.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "cli/run_in_process.h"
#include "gato/base/error.h"

using namespace gato;
using namespace gato::base;

TEST_CASE("GATO_SHARE must name a directory") {
  const test::ScratchDirectory folder;
  setenv("GATO_SHARE", (folder / "").c_str(), 1);
  REQUIRE(share_directory() == folder / "");
  setenv("GATO_SHARE", (folder / "none").c_str(), 1);
  REQUIRE_THROWS_WITH(share_directory(), Catch::Contains("GATO_SHARE"));
  unsetenv("GATO_SHARE");
}

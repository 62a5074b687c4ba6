#include "gato/cli/progress.h"

#include <catch2/catch.hpp>

#include "gato/base/error.h"

using namespace gato;

TEST_CASE("bad records are tolerated up to the limit, other errors never") {
  cli::BadRecords records(1);
  const auto meet = [&](const Error& error) {
    try {
      throw error;
    } catch (const std::exception& caught) {
      records.tolerate(caught);
    }
  };
  REQUIRE_THROWS_AS(meet(io_error("missing")), Error);
  REQUIRE_NOTHROW(meet(input_error("record 1")));
  REQUIRE(records.skipped() == 1);
  REQUIRE_THROWS_WITH(meet(input_error("record 2")), "record 2");
  REQUIRE(records.skipped() == 1);
}

#include "gato/cli/bad_records.h"

#include <catch2/catch.hpp>

using namespace gato;
using gato::cli::BadRecords;

namespace {

std::exception_ptr caught(const Error& error) {
  return std::make_exception_ptr(error);
}

}  // namespace

TEST_CASE("bad records are tolerated up to the limit, other errors never") {
  BadRecords records(1);
  REQUIRE_THROWS_AS(records.tolerate(caught(io_error("missing"))), Error);
  REQUIRE_NOTHROW(records.tolerate(caught(input_error("record 1"))));
  REQUIRE(records.skipped() == 1);
  REQUIRE_THROWS_WITH(records.tolerate(caught(input_error("record 2"))),
                      "record 2");
  REQUIRE(records.skipped() == 1);
}

TEST_CASE("where each record is a file, one that is missing is tolerated too") {
  BadRecords records(2, BadRecords::Kind::file);
  REQUIRE_NOTHROW(records.tolerate(caught(io_error("missing"))));
  REQUIRE_NOTHROW(records.tolerate(caught(input_error("cut short"))));
  REQUIRE_THROWS_AS(records.tolerate(caught(run_error("not finite"))), Error);
  REQUIRE(records.skipped() == 2);
}

TEST_CASE("an attempt keeps the value or the error, no other exception") {
  const auto value = cli::attempt([] { return 7; });
  CHECK(value.value == 7);
  CHECK_FALSE(value.error);
  const auto error = cli::attempt([]() -> int { throw input_error("bad"); });
  REQUIRE(error.error);
  CHECK_THROWS_WITH(std::rethrow_exception(error.error), "bad");
  CHECK_THROWS_AS(cli::attempt([]() -> int { throw std::logic_error("bug"); }),
                  std::logic_error);
}

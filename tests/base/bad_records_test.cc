#include "gato/base/bad_records.h"

#include <catch2/catch.hpp>

using namespace gato;
using namespace gato::base;

namespace {

std::exception_ptr caught(const Error& error) {
  return std::make_exception_ptr(error);
}

}  // namespace

TEST_CASE("Bad records are skipped up to the limit, and other errors never") {
  BadRecordPolicy records(1);
  REQUIRE_THROWS_AS(records.skip_or_rethrow(caught(io_error("missing"))),
                    Error);
  REQUIRE_NOTHROW(records.skip_or_rethrow(caught(input_error("record 1"))));
  REQUIRE(records.skipped() == 1);
  REQUIRE_THROWS_WITH(records.skip_or_rethrow(caught(input_error("record 2"))),
                      "record 2");
  REQUIRE(records.skipped() == 1);
}

TEST_CASE("A missing file is skipped, too, if each record is a file") {
  BadRecordPolicy records(2, BadRecordPolicy::Kind::file);
  REQUIRE_NOTHROW(records.skip_or_rethrow(caught(io_error("missing"))));
  REQUIRE_NOTHROW(records.skip_or_rethrow(caught(input_error("truncated"))));
  REQUIRE_THROWS_AS(records.skip_or_rethrow(caught(run_error("not finite"))),
                    Error);
  REQUIRE(records.skipped() == 2);
}

TEST_CASE("try_call() captures a value or an Error, and no other exception") {
  const auto value = try_call([] { return 7; });
  CHECK(value.value == 7);
  CHECK_FALSE(value.error);
  const auto error = try_call([]() -> int { throw input_error("bad"); });
  REQUIRE(error.error);
  CHECK_THROWS_WITH(std::rethrow_exception(error.error), "bad");
  CHECK_THROWS_AS(try_call([]() -> int { throw std::logic_error("bug"); }),
                  std::logic_error);
}

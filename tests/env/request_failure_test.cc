#include "gato/env/request_failure.h"

#include <catch2/catch.hpp>

#include "gato/base/error.h"
#include "gato/env/child_process.h"
#include "gato/env/environment.h"
#include "gato/env/protocol.h"

namespace gato::env {
namespace {

using Catch::Contains;

const RequestContext kStep{
    .command = "python game.py", .type = "step", .timeout = 60};
const RequestContext kHello{.command = "python game.py",
                            .type = "hello",
                            .is_hello = true,
                            .timeout = 60};
const RequestContext kRender{
    .command = "python game.py", .type = "render", .timeout = 60};

template <class Failure>
void rethrow(const Failure& failure, const RequestContext& request) {
  std::rethrow_exception(
      convert_request_error(std::make_exception_ptr(failure), request));
}

TEST_CASE("An error reply fails the episode, and a fatal one ends the child") {
  REQUIRE_THROWS_WITH(
      throw_error_reply({{"type", "error"}, {"message", "no level"}}, kStep),
      Contains("python game.py") &&
          Contains("it answered \"step\" with an error: no level"));
  REQUIRE_THROWS_AS(
      throw_error_reply({{"type", "error"}, {"fatal", true}}, kStep),
      EnvironmentLostError);
  REQUIRE_THROWS_WITH(
      throw_error_reply({{"type", "error"}, {"message", 3}}, kStep),
      Contains("(no message)"));
}

TEST_CASE("Only an error of the episode leaves the child usable") {
  CHECK(is_usable_after(std::make_exception_ptr(EnvironmentError("NaN"))));
  CHECK_FALSE(
      is_usable_after(std::make_exception_ptr(EnvironmentLostError("gone"))));
  CHECK_FALSE(is_usable_after(std::make_exception_ptr(ProcessError("ended"))));
  CHECK_FALSE(is_usable_after(std::make_exception_ptr(protocol_error("?"))));
}

TEST_CASE("A child that is lost fails the episode, but at hello the run") {
  REQUIRE_THROWS_AS(rethrow(ProcessError("ended"), kStep),
                    EnvironmentLostError);
  REQUIRE_THROWS_WITH(rethrow(ProcessError("ended"), kStep),
                      Contains("on request 'step' (timeout 60 s), it ended"));
  REQUIRE_THROWS_AS(rethrow(ProcessError("ended"), kHello), base::Error);
  REQUIRE_THROWS_AS(rethrow(EnvironmentError("NaN"), kStep), EnvironmentError);
  REQUIRE_THROWS_AS(rethrow(EnvironmentError("NaN"), kHello), base::Error);
}

TEST_CASE("A reply that breaks the protocol ends the run, except to render") {
  REQUIRE_THROWS_AS(rethrow(protocol_error("garbage"), kStep), base::Error);
  REQUIRE_THROWS_WITH(rethrow(protocol_error("garbage"), kStep),
                      Contains("at step: garbage"));
  REQUIRE_THROWS_AS(rethrow(protocol_error("garbage"), kRender),
                    EnvironmentLostError);
}

}  // namespace
}  // namespace gato::env

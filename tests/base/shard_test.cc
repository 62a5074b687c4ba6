#include "gato/base/shard.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/run_in_process.h"
#include "gato/base/error.h"

using namespace gato;
using namespace gato::base;
using namespace gato::test;
using Catch::Contains;

namespace {

// Returns a program that prints the operands of its shard, one per line, and
// how many there are in total.
cli::Tool listing_tool(cli::Sharding sharding) {
  cli::Command command;
  command.operands = "FILE...";
  command.min_operands = 1;
  command.sharding = sharding;
  command.build = [](cli::OptionTable&) -> cli::CommandFunction {
    return [](cli::CommandContext& context) {
      for (const std::string& input : context.common.inputs) {
        fmt::print("{}\n", input);
      }
      fmt::print("of {}, shard {} of {}\n", context.common.all_inputs.size(),
                 context.common.shard.number, context.common.shard.count);
      return ExitStatus::success;
    };
  };
  return {.name = "list",
          .summary = "",
          .description = "",
          .commands = {command},
          .see_also = {}};
}

}  // namespace

TEST_CASE(
    "Shards are contiguous, cover everything and differ by at most one item") {
  for (int64_t total : {0, 1, 2, 7, 100, 1 << 30}) {
    for (int64_t count : {1, 2, 3, 7, 64, 1 << 20}) {
      int64_t end = 0;
      for (int64_t number = 1; number <= count; ++number) {
        const Shard::Range range = Shard{number, count}.range_of(total);
        if (range.first != end || range.size() < total / count ||
            range.size() > (total + count - 1) / count) {
          FAIL(number << "/" << count << " of " << total);
        }
        end = range.last;
      }
      REQUIRE(end == total);
    }
  }
}

TEST_CASE("A shard has the form I/N, and no other") {
  REQUIRE(parse_shard("2/4").number == 2);
  REQUIRE(parse_shard("2/4").count == 4);
  for (const char* wrong : {"", "3", "0/4", "5/4", "1/0", "-1/4", "1/4/2",
                            "a/b", "1/", "/4", "1.5/4", "1/9999999"}) {
    INFO(wrong);
    REQUIRE_THROWS_AS(parse_shard(wrong), Error);
  }
}

TEST_CASE("The operands of a command are divided among the shards") {
  const cli::Tool tool = listing_tool(cli::Sharding::operands);
  CHECK(run_in_process(tool, {"a", "b", "c"}).out ==
        "a\nb\nc\nof 3, shard 1 of 1\n");
  CHECK(run_in_process(tool, {"--shard", "1/2", "a", "b", "c"}).out ==
        "a\nof 3, shard 1 of 2\n");
  CHECK(run_in_process(tool, {"--shard", "2/2", "a", "b", "c"}).out ==
        "b\nc\nof 3, shard 2 of 2\n");
  for (const char* shard : {"1/4", "2/4", "3/4", "4/4"}) {
    const RunResult none =
        run_in_process(tool, {"--shard", shard, "a", "b", "c"});
    CHECK(none.status == 2);
    CHECK_THAT(none.err, Contains("there are 3 operands"));
  }
  CHECK(run_in_process(tool, {"--shard", "4/3", "a"}).status == 2);
  // A dumped configuration contains the shard and all operands.
  const RunResult dumped =
      run_in_process(tool, {"--shard", "2/2", "--dump-config", "a", "b"});
  CHECK_THAT(dumped.out, Contains("shard = \"2/2\"") &&
                             Contains("inputs = [\"a\", \"b\"]"));
}

TEST_CASE("A command that divides its own work receives all operands") {
  const RunResult result = run_in_process(listing_tool(cli::Sharding::work),
                                          {"--shard", "2/2", "a", "b"});
  CHECK(result.out == "a\nb\nof 2, shard 2 of 2\n");
}

TEST_CASE("A command that cannot be divided has no option --shard") {
  const RunResult result = run_in_process(listing_tool(cli::Sharding::none),
                                          {"--shard", "1/2", "a"});
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Contains("unknown option"));
}

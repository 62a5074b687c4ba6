#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "gato/base/error.h"
#include "gato/base/signals.h"
#include "gato/env/environment.h"
#include "gato/env/wait_set.h"

using namespace gato;
using namespace gato::env;
using Catch::Contains;

namespace {

std::string child(const std::string& fault = "") {
  return "python3 " GATO_SOURCE_DIR "/tests/env/children/child.py " + fault;
}

std::unique_ptr<Environment> start(const std::string& command,
                                   double step_timeout = 30) {
  return start_external_environment(command, {30, step_timeout});
}

data::FieldValues action(int64_t value) {
  data::Array array = data::Array::zeros(data::DType::int64, {});
  array.set_integer(0, value);
  return {array};
}

int64_t integer(const data::FieldValue& value) {
  return std::get<data::Array>(value).as_integer(0);
}

// Returns the message of the Error(run_failed) that starting the command
// throws.
std::string start_error(const std::string& command, double hello_timeout = 30) {
  try {
    start_external_environment(command, {hello_timeout, 30});
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::run_failed);
    return error.what();
  }
  return "";
}

// Returns the message of the EnvironmentError thrown by one of the first two
// steps of an episode.
std::string failure_at_second_step(Environment& environment) {
  environment.reset(1);
  try {
    environment.step(action(0));
    environment.step(action(0));
  } catch (const EnvironmentError& error) {
    return error.what();
  }
  return "";
}

// Returns the last program in this language in the README of the protocol.
std::string last_program_in_readme(const std::string& language) {
  std::ifstream file(GATO_SOURCE_DIR "/share/gato/envs/README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  const std::string opening = "```" + language + "\n";
  const size_t begin = readme.rfind(opening) + opening.size();
  return readme.substr(begin, readme.find("```", begin) - begin);
}

// Returns the message for a spec with `changes`, a JSON object, merged into it.
std::string spec_error(const std::string& changes) {
  setenv("GATO_TEST_SPEC", changes.c_str(), 1);
  std::string message = start_error(child());
  unsetenv("GATO_TEST_SPEC");
  return message;
}

}  // namespace

TEST_CASE("A child is played over a pipe, with values in token order") {
  const auto environment = start(child());
  const EnvironmentSpec& spec = environment->spec();
  REQUIRE(spec.task.name == "test/count");
  REQUIRE(spec.task.domain == "test");
  REQUIRE(spec.max_episode_steps == 3);
  REQUIRE(spec.has_seed);
  REQUIRE(spec.has_expert);
  REQUIRE(spec.task.observation_fields[0].name == "a/goal");
  REQUIRE(spec.task.observation_fields[1].name == "count");
  REQUIRE(spec.task.observation_fields[2].name == "state");
  REQUIRE(spec.task.action_fields[0].start == std::vector<int64_t>{0});

  const data::FieldValues first = environment->reset(7);
  REQUIRE(std::get<std::string>(first[0]) == "count to three");
  REQUIRE(integer(first[1]) == 0);
  REQUIRE(std::get<data::Array>(first[2]).as_double(0) == 7);
  REQUIRE(integer(environment->expert_action()[0]) == 2);
  REQUIRE(environment->render().pixels ==
          std::vector<uint8_t>{1, 2, 3, 4, 5, 6});
  environment->step(action(1));
  StepResult result = environment->step(action(2));
  REQUIRE(result.reward == 2);
  REQUIRE_FALSE(result.terminated);
  result = environment->step(action(0));
  REQUIRE(result.terminated);
  REQUIRE(result.info == std::map<std::string, double>{{"success", 1}});
  REQUIRE(integer(result.observation[1]) == 3);
  REQUIRE_THROWS_WITH(environment->step(action(0)), Contains("no episode"));
  REQUIRE(integer(environment->reset(8)[1]) == 0);
}

TEST_CASE("A child that does not answer hello ends the run") {
  REQUIRE_THAT(start_error("no-such-program-anywhere"),
               Contains("status 127") && Contains("not found"));
  REQUIRE_THAT(start_error(child("exit-at-hello")),
               Contains("exited with status 3") && Contains("last words"));
  REQUIRE_THAT(start_error(child("killed-at-hello")),
               Contains("status 137") && Contains("Killed"));
  REQUIRE_THAT(start_error(child("hang-at-hello"), 1), Contains("in time"));
  REQUIRE_THAT(start_error(child("garbage-at-hello")),
               Contains("'Loading level 3 ...'"));
  REQUIRE_THAT(start_error(child("partial-at-hello")),
               Contains("{\"type\": \"obs"));
  REQUIRE_THAT(start_error(child("error-at-hello")), Contains("out of fuel"));
  REQUIRE_THAT(start_error("echo '{\"type\":\"action\"}'"),
               Contains("'spec'") || Contains("\"spec\""));
}

TEST_CASE("What a child wrote before it ended counts as its answer") {
  // The child may end before, during or after the request.
  for (int i = 0; i < 50; ++i) {
    const std::string message = start_error("echo '{\"type\":\"action\"}'");
    REQUIRE_THAT(message, Contains("\"spec\"") || Contains("'spec'"));
  }
}

TEST_CASE("After a failed episode the child can be used again") {
  SECTION("an error") {
    const auto environment = start(child("error-at-step"));
    REQUIRE_THAT(failure_at_second_step(*environment), Contains("out of fuel"));
    REQUIRE_NOTHROW(environment->reset(1));
  }
  SECTION("a fatal error") {
    const auto environment = start(child("fatal-at-step"));
    REQUIRE_THAT(failure_at_second_step(*environment), Contains("out of fuel"));
    REQUIRE_THROWS_AS(environment->step(action(0)), EnvironmentError);
    REQUIRE_NOTHROW(environment->reset(1));
  }
  SECTION("values") {
    const auto [fault, expected] = GENERATE(table<std::string, std::string>(
        {{"nan", "NaN"},
         {"nan-reward", "reward is NaN"},
         {"size", "24 bytes of values; its spec requires 20"},
         {"range", "is 7; its spec declares 0 to 4"},
         {"no-text", "no text 'a/goal'"},
         {"nul-text", "text 'a/goal' contains a NUL"}}));
    const auto environment = start(child(fault));
    REQUIRE_THAT(failure_at_second_step(*environment), Contains(expected));
    REQUIRE_NOTHROW(environment->reset(1));
    REQUIRE_NOTHROW(environment->step(action(0)));
  }
  SECTION("a crash") {
    const auto environment = start(child("exit-at-step"));
    REQUIRE_THAT(failure_at_second_step(*environment),
                 Contains("exited with status 3") && Contains("last words"));
    REQUIRE_THROWS_AS(environment->step(action(0)), EnvironmentError);
    REQUIRE_NOTHROW(environment->reset(1));
  }
  SECTION("a hang") {
    const auto environment = start(child("hang-at-step"), 0.5);
    REQUIRE_THAT(failure_at_second_step(*environment),
                 Contains("timeout 0.5 s") && Contains("in time"));
    REQUIRE_NOTHROW(environment->reset(1));
  }
}

TEST_CASE("A renderer that fails never ends the run") {
  SECTION("without harm to the environment") {
    for (const char* fault : {"error-at-render", "empty-at-render"}) {
      const auto environment = start(child(fault));
      environment->reset(1);
      REQUIRE_THROWS_AS(environment->render(), EnvironmentError);
      REQUIRE(environment->step(action(1)).reward == 1);
    }
  }
  SECTION("with the environment") {
    for (const char* fault : {"exit-at-render", "garbage-at-render",
                              "fatal-at-render", "hang-at-render"}) {
      const auto environment = start(child(fault), 0.5);
      environment->reset(1);
      REQUIRE_THROWS_AS(environment->render(), EnvironmentLostError);
      REQUIRE_THROWS_AS(environment->step(action(1)), EnvironmentLostError);
      environment->reset(1);
      REQUIRE(environment->step(action(1)).reward == 1);
    }
  }
}

TEST_CASE("A program anywhere can import gato_environment") {
  for (const char* inherited : {"", "/nowhere:/elsewhere"}) {
    setenv("PYTHONPATH", inherited, 1);
    const auto environment = start(
        "cd / && python3 -c '"
        "import importlib.util, os, runpy, sys; "
        "assert importlib.util.find_spec(\"gato_environment\"); "
        "assert os.environ[\"PYTHONPATH\"].startswith(\"" +
        std::string(inherited) +
        "\"); "
        "sys.argv = [\"child.py\"]; "
        "runpy.run_path(\"" GATO_SOURCE_DIR "/tests/env/children/child.py\")'");
    REQUIRE(environment->spec().task.name == "test/count");
  }
  unsetenv("PYTHONPATH");
}

TEST_CASE("A line that is not a reply ends the run") {
  for (const char* fault : {"garbage-at-step", "number-at-step"}) {
    const auto environment = start(child(fault));
    environment->reset(1);
    try {
      environment->step(action(0));
      FAIL("garbage was accepted");
    } catch (const base::Error& error) {
      REQUIRE(error.status() == base::ExitStatus::run_failed);
    }
  }
}

TEST_CASE("A child that stops reading costs an episode, not the run") {
  // An action is larger than the pipe, so that the request cannot be sent.
  const ExternalEnvironmentOptions options{.hello_timeout = 30,
                                           .step_timeout = 0.5};
  setenv("GATO_TEST_SPEC",
         R"({"action": [{"name": "action", "role": "continuous",
             "dtype": "float64", "shape": [100000], "low": 0, "high": 1}]})",
         1);
  const auto environment =
      start_external_environment(child("hang-at-step"), options);
  const auto deaf =
      start_external_environment(child("deaf-after-reset"), options);
  unsetenv("GATO_TEST_SPEC");
  const data::FieldValues large = {
      data::Array::zeros(data::DType::float64, {100000})};
  for (Environment* each : {environment.get(), deaf.get()}) {
    each->reset(1);
    REQUIRE_THROWS_WITH(each->step(large), Contains("in time"));
  }
}

TEST_CASE("A child that closes its stdin fails the episode") {
  // /bin/sh, which runs the child, may keep its stdin open, so that only the
  // time-out ends the step.
  const auto environment = start(child("close-after-reset"), 1);
  environment->reset(1);
  REQUIRE_THROWS_AS(environment->step(action(0)), EnvironmentLostError);
  REQUIRE_NOTHROW(environment->reset(1));
}

TEST_CASE("A child that floods its stdout is ended, and nothing is stored") {
  SECTION("without a newline") {
    const auto environment = start(child("flood-at-step"));
    environment->reset(1);
    REQUIRE_THROWS_AS(environment->step(action(0)), base::Error);
  }
  SECTION("with more bytes than the spec requires") {
    const auto environment = start(child("large-at-step"));
    environment->reset(1);
    REQUIRE_THROWS_WITH(
        environment->step(action(0)),
        Contains("50000000 bytes of values; its spec requires 20"));
    REQUIRE_NOTHROW(environment->reset(1));
  }
  SECTION("with bytes that never come") {
    const auto environment = start(child("announce-at-step"), 0.5);
    environment->reset(1);
    REQUIRE_THROWS_WITH(environment->step(action(0)), Contains("in time"));
  }
  SECTION("with an image that is too large") {
    const auto environment = start(child("huge-at-render"), 0.5);
    environment->reset(1);
    REQUIRE_THROWS_AS(environment->render(), EnvironmentError);
  }
}

TEST_CASE("Several children work at the same time") {
  std::vector<std::unique_ptr<Environment>> environments;
  for (const char* fault : {"", "exit-at-step", "hang-at-step", "nan"}) {
    environments.push_back(start(child(fault), 1));
  }
  const auto wait_for_all = [&] {
    WaitSet waits;
    const auto is_waiting = [](const auto& environment) {
      return !environment->has_reply();
    };
    while (std::ranges::any_of(environments, is_waiting)) {
      waits.clear();
      for (const auto& environment : environments) {
        if (!environment->has_reply()) {
          environment->add_waits(waits);
        }
      }
      waits.wait();
      for (const auto& environment : environments) {
        if (!environment->has_reply()) {
          environment->advance(waits);
        }
      }
    }
  };
  for (size_t i = 0; i < 4; ++i) {
    environments[i]->begin_reset(i);
  }
  wait_for_all();
  for (size_t i = 0; i < 4; ++i) {
    const data::FieldValues first = environments[i]->finish_reset();
    REQUIRE(std::get<data::Array>(first[2]).as_double(0) ==
            static_cast<double>(i));
  }
  const data::FieldValues one = action(1);
  for (const auto& environment : environments) {
    environment->begin_step(one);
  }
  wait_for_all();
  REQUIRE(environments[0]->finish_step().reward == 1);
  REQUIRE_THROWS_WITH(environments[1]->finish_step(),
                      Contains("exited with status 3"));
  REQUIRE_THROWS_WITH(environments[2]->finish_step(), Contains("in time"));
  REQUIRE(environments[3]->finish_step().reward == 1);
  // The two that have ended are started again.
  for (size_t i = 0; i < 4; ++i) {
    environments[i]->begin_reset(10 + i);
  }
  wait_for_all();
  for (const auto& environment : environments) {
    REQUIRE_NOTHROW(environment->finish_reset());
  }
}

TEST_CASE("A child may write more to stderr than fits in a pipe") {
  const auto environment = start(child("noise-at-step"));
  environment->reset(1);
  REQUIRE_NOTHROW(environment->step(action(0)));
}

TEST_CASE("An invalid spec is refused, and the message names the entry") {
  const auto [changes, expected] = GENERATE(table<std::string, std::string>({
      {R"({"version": 2})", "version 2"},
      {R"({"task": ""})", "no \"task\""},
      {R"({"observation": []})", "\"observation\" is not a list"},
      {R"({"observation": [{"name": "x", "role": "sound", "dtype": "int8",
           "shape": []}]})",
       "\"x\": unknown role \"sound\""},
      {R"({"observation": [{"name": "x", "role": "continuous",
           "dtype": "float16", "shape": []}]})",
       "\"x\""},
      {R"({"observation": [{"name": "x", "role": "continuous",
           "dtype": "float32"}]})",
       "'x' has no \"shape\""},
      {R"({"observation": [{"name": "x", "role": "continuous",
           "dtype": "float32", "shape": [-1]}]})",
       "the invalid shape [-1]"},
      {R"({"observation": [{"name": "x", "role": "continuous",
           "dtype": "float32", "shape": [2], "low": [0]}]})",
       "\"x\": 1 bounds for 2 elements"},
      {R"({"observation": [{"name": "x", "role": "continuous",
           "dtype": "float32", "shape": [1], "low": 1, "high": 0}]})",
       "low of 1 above its high of 0"},
      {R"({"observation": [{"name": "x", "role": "discrete",
           "dtype": "float32", "shape": [], "n": 2}]})",
       "discrete, but its dtype is float32"},
      {R"({"observation": [{"name": "x", "role": "discrete"}]})",
       "needs \"n\""},
      {R"({"observation": [{"name": "x", "role": "discrete", "n": 1025}]})",
       "an n of 1025"},
      {R"({"observation": [{"name": "x", "role": "text"},
           {"name": "x", "role": "text"}]})",
       "'x' is declared twice"},
      {R"({"observation": [{"name": "x", "role": "text"},
           {"name": "x/y", "role": "text"}]})",
       "cannot be both a value and the parent of 'x/y'"},
      {R"({"observation": [{"name": "x/..", "role": "text"}]})",
       "'x/..' has a name that HDF5 cannot store"},
      {R"({"action": [{"name": "say", "role": "text"}]})",
       "action 'say' is text"},
  }));
  REQUIRE_THAT(spec_error(changes), Contains(expected));
}

TEST_CASE("A child and its descendants end with their parent") {
  // The final 'true' keeps the shell from replacing itself by the child.
  const std::string file =
      "/tmp/gato-external-test-" + std::to_string(static_cast<long>(getpid()));
  const std::string command =
      "sleep 1000 & echo $! > " + file + "; " + child() + "; true";
  const pid_t parent = fork();
  if (parent == 0) {
    const auto environment = start_external_environment(command, {30, 30});
    environment->reset(1);
    kill(getpid(), SIGKILL);
  }
  int status;
  REQUIRE(waitpid(parent, &status, 0) == parent);
  REQUIRE(WIFSIGNALED(status));
  pid_t grandchild = 0;
  REQUIRE(std::ifstream(file) >> grandchild);
  unlink(file.c_str());
  const auto is_running = [grandchild] {
    // A zombie that nobody reaps has ended, too.
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string number, name, state;
    return stat >> number >> name >> state && state != "Z";
  };
  for (int i = 0; i < 500 && is_running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  REQUIRE_FALSE(is_running());
}

TEST_CASE("A signal ends the wait for a child that hangs") {
  const pid_t process = fork();
  if (process == 0) {
    base::install_signal_handlers();
    int status = 1;
    try {
      const auto environment = start(child("hang-at-step"));
      environment->reset(1);
      raise(SIGTERM);
      environment->step(action(0));
    } catch (const base::StoppedBySignal&) {
      status = 0;
    }
    _exit(status);
  }
  int status;
  REQUIRE(waitpid(process, &status, 0) == process);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
}

TEST_CASE("The Python module serves every kind of space") {
  const char* chosen = std::getenv("GATO_TEST_PYTHON");
  const std::string python = chosen != nullptr ? chosen : "python3";
  if (std::system((python + " -c 'import numpy' 2>/dev/null").c_str()) != 0) {
    WARN("skipped: " + python +
         " has no numpy; set GATO_TEST_PYTHON to one that has");
    return;
  }
  const auto environment =
      start(python + " " GATO_SOURCE_DIR "/tests/env/children/spaces.py");
  const data::TaskSpec& task = environment->spec().task;
  std::vector<std::string> names;
  for (const data::Field& field : task.observation_fields) {
    names.push_back(field.name);
  }
  REQUIRE(names == std::vector<std::string>{"mission", "camera", "codes",
                                            "pair/_index_0", "pair/_index_1",
                                            "state"});
  REQUIRE(task.observation_fields[1].role == data::Role::image);
  REQUIRE(task.observation_fields[2].role == data::Role::discrete);
  REQUIRE(task.observation_fields[2].low == std::vector<double>{-3, -3});
  REQUIRE(task.observation_fields[3].start == std::vector<int64_t>{-2});
  REQUIRE(task.observation_fields[4].n == std::vector<int64_t>{2, 2, 2});
  REQUIRE(std::isinf(task.observation_fields[5].low[0]));
  REQUIRE(task.observation_fields[5].high[0] == 1);
  REQUIRE(task.action_fields[0].name == "turn/_index_0");
  REQUIRE(task.action_fields[1].n == std::vector<int64_t>{2, 9});
  REQUIRE(task.action_fields[2].name == "force");

  const data::FieldValues first = environment->reset(1);
  REQUIRE(std::get<std::string>(first[0]) == "go \u00e9");
  REQUIRE(integer(first[3]) == -2);
  data::Array turn = data::Array::zeros(data::DType::int64, {}),
              choice = data::Array::zeros(data::DType::int64, {2}),
              force = data::Array::zeros(data::DType::float32, {2});
  turn.set_integer(0, 7);
  choice.set_integer(1, 8);
  force.set(0, -1.5);
  const StepResult result = environment->step({turn, choice, force});
  REQUIRE(result.reward == 0.5);
  REQUIRE(result.truncated);
  REQUIRE(result.info.at("success") == 1);
  REQUIRE(integer(result.observation[3]) == 3);
  const data::Array& binary = std::get<data::Array>(result.observation[4]);
  REQUIRE(binary.as_integer(0) == 0);
  REQUIRE(binary.as_integer(1) == 1);
  REQUIRE(std::get<data::Array>(result.observation[5]).as_double(0) == -1.5);
  REQUIRE_THROWS_WITH(environment->step({turn, choice, force}),
                      Contains("outside an episode"));
}

TEST_CASE("The complete child in the README can be played") {
  setenv("GATO_TEST_CHILD", last_program_in_readme("python").c_str(), 1);
  const auto environment = start("python3 -c \"$GATO_TEST_CHILD\"");
  unsetenv("GATO_TEST_CHILD");
  for (int seed = 0; seed < 10; ++seed) {
    const int64_t coin = integer(environment->reset(seed)[0]);
    REQUIRE(integer(environment->reset(seed)[0]) == coin);
    const StepResult result = environment->step(action(coin));
    REQUIRE(result.reward == 1);
    REQUIRE(result.terminated);
    REQUIRE_THROWS_AS(environment->step(action(coin)), EnvironmentError);
  }
}

TEST_CASE("The child in bash in the README can be played") {
  setenv("GATO_TEST_CHILD", last_program_in_readme("bash").c_str(), 1);
  const auto environment = start("bash -c \"$GATO_TEST_CHILD\"");
  unsetenv("GATO_TEST_CHILD");
  REQUIRE(environment->spec().has_expert);
  for (int seed = 0; seed < 2; ++seed) {
    const data::FieldValues first = environment->reset(seed);
    REQUIRE(integer(first[0]) == seed);
    REQUIRE(integer(first[1]) == 4);
    StepResult result;
    for (int step = 0; step < 4; ++step) {
      REQUIRE_FALSE(result.terminated);
      result = environment->step(environment->expert_action());
    }
    REQUIRE(result.terminated);
    REQUIRE(result.reward == 1);
    REQUIRE(result.info.at("success") == 1);
    REQUIRE_THROWS_WITH(environment->step(environment->expert_action()),
                        Contains("has ended"));
  }
}

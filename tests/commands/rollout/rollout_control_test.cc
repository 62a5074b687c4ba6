// The command line of gato-rollout control, from options to files.
#include "gato/commands/rollout/rollout_control.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/env/environment.h"
#include "gato/ingest/episodes/episode_source.h"
#include "model/tiny_model.h"

using namespace gato;
using namespace gato::commands;
using Catch::Contains;
using gato::test::run_command;
using gato::test::RunResult;
using gato::test::ScratchDirectory;

namespace {

namespace fs = std::filesystem;

RunResult run(std::vector<std::string> arguments) {
  return run_command("gato-rollout", rollout_control_command(),
                     std::move(arguments));
}

std::string bytes_of(const std::string& dataset) {
  return base::read_file(dataset + "/data/main_data.hdf5");
}

// A child process that answers hello with a spec and every reset with `reply`.
std::string child_that_replies(const ScratchDirectory& folder,
                               const std::string& reply) {
  return "sh " + folder.write_file("child.sh", R"(while read -r request; do
  case $request in
    *hello*) echo '{"type":"spec","version":1,"task":"toy/child","domain":"toy","observation":[{"name":"observation","role":"discrete","dtype":"int64","shape":[],"n":4,"start":0}],"action":[{"name":"action","role":"discrete","dtype":"int64","shape":[],"n":2,"start":0}],"max_steps":5,"capabilities":["seed"]}';;
    *close*) exit 0;;
    *) echo ')" + reply + R"(';;
  esac
done
)");
}

// The command of tests/env/children/child.py, which plays test/count. Without
// exec, the parent of the child would be the shell.
std::string counting_child(const std::string& fault = "") {
  return "exec python3 " GATO_SOURCE_DIR "/tests/env/children/child.py " +
         fault;
}

// Plays test/count at random.
RunResult play_counting_child(const std::string& output,
                              const std::vector<std::string>& more,
                              const std::string& fault = "") {
  std::vector<std::string> arguments = {
      "--policy", "random", "--env-command", counting_child(fault),
      "-o",       output};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(std::move(arguments));
}

// Makes the next counting child send a signal at its reset number `reset`.
class StopRequest {
 public:
  StopRequest(const ScratchDirectory& folder, int reset, int signal)
      : path_(folder.write_file("stop", fmt::format("{} {}", reset, signal))) {
    setenv("GATO_TEST_STOP", path_.c_str(), 1);
  }
  ~StopRequest() { unsetenv("GATO_TEST_STOP"); }
  bool is_done() const { return !fs::exists(path_); }

 private:
  std::string path_;
};

// Removes an option from the start of a recording, as if it did not exist when
// the recording was begun.
void remove_option(const std::string& recording, const std::string& name) {
  const std::string bytes = base::read_file(recording);
  const size_t line_end = bytes.find('\n');
  auto line = nlohmann::json::parse(bytes.substr(0, line_end));
  REQUIRE(line["start"]["configuration"].erase(name) == 1);
  std::ofstream(recording) << line << bytes.substr(line_end);
}

}  // namespace

TEST_CASE("The built-in environments are listed one per line") {
  const RunResult ran = run({"--list-envs"});
  REQUIRE(ran.status == 0);
  REQUIRE_THAT(ran.out, Contains("arcade/catch\n"));
  REQUIRE_THAT(ran.out, Contains("control/cartpole-swingup\n"));
  REQUIRE_THAT(ran.out, Contains("grid/goto\n"));
}

TEST_CASE("Built-in environments are listed alone, or in a table") {
  std::string names;
  for (const std::string& name : env::builtin_environment_names()) {
    names += name + "\n";
  }
  REQUIRE(run({"--list-envs", "--built-in"}).out == names);
  REQUIRE_THAT(run({"--list-envs", "--built-in", "--long"}).out,
               Contains("arcade/catch") &&
                   Contains("catch falling balls with a paddle"));
}

TEST_CASE("Every built-in environment fulfills its contract") {
  std::vector<std::string> arguments = {"--check-env", "--env"};
  for (const std::string& name : env::builtin_environment_names()) {
    arguments.push_back(name);
  }
  const RunResult ran = run(arguments);
  CAPTURE(ran.out, ran.err);
  REQUIRE(ran.status == 0);
  REQUIRE_THAT(ran.out, !Contains("FAILED"));
}

TEST_CASE("A dataset records how its environment was set up") {
  const ScratchDirectory folder;
  REQUIRE(run({"--policy", "random", "--env", "arcade/catch", "--episodes", "1",
               "-o", folder / "built-in"})
              .status == 0);
  REQUIRE(play_counting_child(folder / "external",
                              {"--episodes", "1", "--max-steps", "2"})
              .status == 0);
  const nlohmann::json built_in =
      ingest::open_episodes(folder / "built-in", {})->spec().settings;
  REQUIRE(built_in.at("max_steps") == 75);
  REQUIRE(built_in.at("packages").contains("gato"));
  const nlohmann::json external =
      ingest::open_episodes(folder / "external", {})->spec().settings;
  REQUIRE(external.at("max_steps") == 2);
  REQUIRE(external.at("command") == counting_child());
  REQUIRE(external.contains("arguments"));
}

TEST_CASE("Mutually exclusive options are refused before any work") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const std::vector<std::vector<std::string>> wrong = {
      {"--policy", "expert", "-o", output},
      {"--policy", "expert", "--env-command", "x", "--env-command", "x", "-o",
       output},
      {"--policy", "expert", "--env", "arcade/catch", "--env-command", "x",
       "--video", folder / "video.png", "-o", output},
      {"--policy", "expert", "--env", "arcade/catch", "--episodes", "2",
       "--shard", "1/3", "-o", output},
      {"--policy", "expert", "--env", "arcade/catch", "--episodes", "2",
       "--shard", "2/3", "-o", output},
      {"--env", "arcade/catch", "-o", output},
      {"--policy", "expert", "--model", "m", "--env", "arcade/catch", "-o",
       output},
      {"--policy", "expert", "--env", "arcade/catch"},
      {"--policy", "expert", "--env", "arcade/cach", "-o", output},
      {"--policy", "expert", "--greedy", "--env", "arcade/catch", "-o", output},
      {"--model", "m", "--noise", "0.1", "--env", "arcade/catch", "-o", output},
      {"--policy", "expert", "--env", "arcade/catch", "--video",
       folder / "video.gif", "-o", output},
      {"--policy", "expert", "--env", "arcade/catch", "--video",
       folder / "video", "-o", output},
      {"--policy", "clever", "--env", "arcade/catch", "-o", output},
      {"--policy", "expert", "--noise", "2", "--env", "arcade/catch", "-o",
       output}};
  for (const auto& arguments : wrong) {
    const RunResult ran = run(arguments);
    INFO(ran.err);
    REQUIRE(ran.status == 2);
    REQUIRE(ran.out.empty());
    REQUIRE_FALSE(fs::exists(output));
  }
}

TEST_CASE(
    "The help says which options are required and which are alternatives") {
  const RunResult ran = run({"--help"});
  REQUIRE(ran.status == 0);
  REQUIRE_THAT(ran.out, Contains("(--model DIR | --policy POLICY)"));
  REQUIRE_THAT(ran.out, Contains("gato-rollout control --list-envs\n"));
  REQUIRE_THAT(ran.out, Contains("gato-rollout control --check-env (--env"));
  REQUIRE_THAT(run({"--env", "arcade/catch", "--check-env"}).out,
               Contains("ok"));
  REQUIRE_THAT(run({"--policy", "expert", "-o", "out"}).err,
               Contains("--env NAME... or --env-command CMD is missing"));
}

TEST_CASE("A video has the file name extension of its format") {
  const ScratchDirectory folder;
  const auto video = [&](const std::string& name) {
    return run({"--policy", "expert", "--env", "arcade/catch", "--episodes",
                "1", "--force", "--video", folder / name, "-o",
                folder / "out"});
  };
  REQUIRE_THAT(video("x.gif").err,
               Contains("x.gif: a video is an animated PNG or WebP"));
  REQUIRE_FALSE(fs::exists(folder / "out"));
  for (const std::string name : {"x.png", "x.apng", "x.webp"}) {
    REQUIRE(video(name).status == 0);
    REQUIRE(base::read_file(folder / name)
                .starts_with(name == "x.webp" ? "RIFF" : "\x89PNG"));
  }
}

TEST_CASE("The expert's episodes become a dataset and a row of the table") {
  const ScratchDirectory folder;
  const std::string output = folder / "catch";
  const RunResult ran = run({"--policy", "expert", "--noise", "0.3", "--env",
                             "arcade/catch", "--episodes", "3", "-o", output});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  REQUIRE_THAT(ran.out, Contains("task") && Contains("success"));
  REQUIRE_THAT(ran.out, Contains("arcade/catch"));
  REQUIRE_THAT(ran.err, Contains("episodes 3") && Contains("failed 0"));

  const auto source = ingest::open_episodes(output, {});
  REQUIRE(source->spec().name == "arcade/catch");
  REQUIRE(source->agent() == "expert with noise 0.3");
  REQUIRE(source->episode_count() == 3);
  const data::Episode episode = source->read_episode(2);
  REQUIRE(episode.step_count() > 0);
  REQUIRE(episode.expert_actions.size() == 1);

  REQUIRE(run({"--policy", "expert", "--env", "arcade/catch", "-o", output})
              .status == 2);
}

TEST_CASE("--force replaces datasets and nothing else") {
  const ScratchDirectory folder;
  const std::string output = folder / "played";
  const auto play = [&](const std::string& path,
                        const std::vector<std::string>& environments) {
    std::vector<std::string> arguments = {"--policy",   "random", "--force",
                                          "--episodes", "1",      "-o",
                                          path,         "--env"};
    arguments.insert(arguments.end(), environments.begin(), environments.end());
    return run(arguments);
  };
  REQUIRE(play(output, {"arcade/catch", "grid/goto"}).status == 0);
  REQUIRE(play(output, {"arcade/catch", "grid/goto"}).status == 0);
  REQUIRE(play(output, {"grid/goto"}).status == 0);
  std::filesystem::create_directories(folder / "home/notes");
  REQUIRE(play(folder / "home", {"grid/goto"}).status == 0);  // empty folders
  std::filesystem::create_directories(folder / "work/notes");
  folder.write_file("work/notes/mine.txt", "mine");
  REQUIRE(play(folder / "mine", {"grid/goto"}).status == 0);
  folder.write_file("mine/notes.txt", "mine");
  REQUIRE(play(folder / "mine", {"grid/goto"}).status == 2);
  REQUIRE(std::filesystem::exists(folder / "mine/notes.txt"));
  for (const std::vector<std::string>& environments :
       {std::vector<std::string>{"grid/goto"}, {"arcade/catch", "grid/goto"}}) {
    const RunResult refused = play(folder / "work", environments);
    REQUIRE(refused.status == 2);
    REQUIRE_THAT(refused.err, Contains("notes/mine.txt"));
    REQUIRE(std::filesystem::exists(folder / "work/notes/mine.txt"));
  }
}

TEST_CASE("--force replaces no file by a dataset, and no folder by a video") {
  const ScratchDirectory folder;
  const std::string file = folder.write_file("file", "mine");
  fs::create_directories(folder / "folder.png");
  const std::vector<std::vector<std::string>> cases = {
      {"-o", file},
      {"-o", file + "/"},
      {"-o", file, "--resume"},
      {"-o", folder / "out", "--video", folder / "folder.png"}};
  for (const std::vector<std::string>& outputs : cases) {
    // An environment that cannot start shows that none is started.
    std::vector<std::string> arguments = {"--policy", "random", "--force",
                                          "--env-command", "exit 7"};
    arguments.insert(arguments.end(), outputs.begin(), outputs.end());
    const RunResult refused = run(arguments);
    CAPTURE(outputs, refused.err);
    REQUIRE(refused.status == 2);
    REQUIRE_THAT(refused.err, Contains("choose another name for the output"));
    REQUIRE(base::read_file(file) == "mine");
    REQUIRE(fs::is_directory(folder / "folder.png"));
  }
}

TEST_CASE("An environment that is named twice is refused") {
  const ScratchDirectory folder;
  const RunResult ran = run({"--policy", "random", "--env", "grid/goto",
                             "--env", "grid/goto", "-o", folder / "played"});
  REQUIRE(ran.status == 2);
  REQUIRE_THAT(ran.err, Contains("names grid/goto twice"));
}

TEST_CASE("The same seed gives the same bytes") {
  const ScratchDirectory folder;
  const auto play = [&](const std::string& name,
                        std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "--policy", "random", "--env",       "arcade/catch",   "--episodes",
        "5",        "-o",     folder / name, "--no-provenance"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const RunResult ran = run(arguments);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return bytes_of(folder / name);
  };
  const std::string one = play("one", {"--threads", "1", "--batch", "1"});
  REQUIRE(play("two", {"--threads", "2", "--batch", "2"}) == one);
  REQUIRE(play("seed", {"--seed", "1"}) != one);
}

TEST_CASE("Several environments give a folder of datasets") {
  const ScratchDirectory folder;
  const std::string output = folder / "played";
  const RunResult ran =
      run({"--policy", "random", "--env", "arcade/catch", "--env", "grid/goto",
           "--episodes", "2", "-o", output});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  REQUIRE(
      ingest::open_episodes(output + "/arcade/catch", {})->episode_count() ==
      2);
  REQUIRE(ingest::open_episodes(output + "/grid/goto", {})->episode_count() ==
          2);
}

TEST_CASE("The first episode is recorded as a video") {
  const ScratchDirectory folder;
  const std::string video = folder / "video.png";
  const RunResult ran =
      run({"--policy", "expert", "--env", "arcade/catch", "--episodes", "1",
           "-o", folder / "out", "--video", video});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  REQUIRE_THAT(base::read_file(video), Contains("acTL"));
}

TEST_CASE("A video that is made on resume has the format that is asked for") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const std::vector<std::string> options = {"--episodes", "4", "--batch", "2",
                                            "--threads",  "1", "--resume"};
  const auto play = [&](const std::string& video) {
    std::vector<std::string> all = options;
    all.insert(all.end(), {"--video", folder / video, "--video-episodes", "2"});
    return play_counting_child(output, all);
  };
  {
    const StopRequest stop(folder, 2, SIGTERM);  // two episodes have ended
    REQUIRE(play("video.png").status == 75);
  }
  REQUIRE_FALSE(fs::exists(folder / "video.png"));
  const RunResult resumed = play("video.webp");
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  REQUIRE(base::read_file(folder / "video.webp").starts_with("RIFF"));
}

TEST_CASE("The nearest policy repeats the demonstrations from which it plays") {
  const ScratchDirectory folder;
  const auto play = [&](const std::string& name,
                        const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "--env", "control/pendulum", "--max-steps",    "30",
        "-o",    folder / name,      "--no-provenance"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  REQUIRE(
      play("shown", {"--policy", "expert", "--noise", "0.2", "--episodes", "6"})
          .status == 0);
  // The labels are the expert's actions, so that the first ones are those of an
  // expert without noise.
  REQUIRE(play("expert", {"--policy", "expert", "--episodes", "6"}).status ==
          0);
  const std::vector<std::string> nearest = {
      "--policy",       "nearest",    "--demonstrations",
      folder / "shown", "--episodes", "6"};
  REQUIRE(play("played", nearest).status == 0);
  const auto expert = ingest::open_episodes(folder / "expert", {}),
             played = ingest::open_episodes(folder / "played", {});
  REQUIRE(played->agent() == "nearest");
  for (int64_t i = 0; i < 6; ++i) {
    REQUIRE(played->read_episode(i).rewards[0] ==
            expert->read_episode(i).rewards[0]);
  }
  // Without noise in the demonstrations, all actions are equal.
  REQUIRE(play("repeated", {"--policy", "nearest", "--demonstrations",
                            folder / "expert", "--episodes", "6"})
              .status == 0);
  const auto repeated = ingest::open_episodes(folder / "repeated", {});
  for (int64_t i = 0; i < 6; ++i) {
    REQUIRE(repeated->read_episode(i).rewards ==
            expert->read_episode(i).rewards);
  }
  // The result depends on neither the batch nor the threads.
  std::vector<std::string> alone = nearest;
  alone.insert(alone.end(), {"--batch", "1", "--threads", "2"});
  REQUIRE(play("alone", alone).status == 0);
  REQUIRE(bytes_of(folder / "alone") == bytes_of(folder / "played"));

  REQUIRE(data::hdf5::open_file(folder / "played/data/main_data.hdf5")
              .integer_attribute("gato_demonstrations") == 6);
}

TEST_CASE("The nearest policy needs demonstrations of its task") {
  const ScratchDirectory folder;
  REQUIRE(run({"--policy", "expert", "--env", "control/pendulum", "--episodes",
               "1", "--max-steps", "3", "-o", folder / "shown"})
              .status == 0);
  const auto play = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"-o", folder / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const RunResult ran = run(arguments);
    REQUIRE_FALSE(fs::exists(folder / "out"));
    return ran;
  };
  const RunResult missing =
      play({"--policy", "nearest", "--env", "control/pendulum"});
  REQUIRE(missing.status == 2);
  REQUIRE_THAT(missing.err, Contains("--demonstrations DATASET... is missing"));
  REQUIRE(play({"--policy", "expert", "--env", "control/pendulum",
                "--demonstrations", folder / "shown"})
              .status == 2);
  REQUIRE(play({"--policy", "random", "--env", "control/pendulum",
                "--neighbors", "3"})
              .status == 2);
  const RunResult other = play({"--policy", "nearest", "--demonstrations",
                                folder / "shown", "--env", "arcade/catch"});
  REQUIRE(other.status == 3);
  REQUIRE_THAT(other.err, Contains("--demonstrations: no dataset is of the "
                                   "task 'arcade/catch'"));
  REQUIRE(play({"--policy", "nearest", "--demonstrations", folder / "nowhere",
                "--env", "control/pendulum"})
              .status == 4);
}

TEST_CASE("Actions are sent at multiples of the control period") {
  const ScratchDirectory folder;
  // Step 3 takes longer than three periods.
  const std::string child =
      "exec python3 " GATO_SOURCE_DIR
      "/tests/env/children/sleeper.py --length 8 --slow-step 3 --slow 0.13 "
      "--log " +
      folder / "log";
  std::vector<std::string> arguments = {
      "--env-command",    child,  "--episodes", "1",           "--batch", "1",
      "--control-period", "40ms", "-o",         folder / "out"};
  SECTION("with a scripted policy") {
    arguments.insert(arguments.end(), {"--policy", "random"});
  }
  SECTION("with a network that reads one step and acts in one pass") {
    gato::test::write_tiny_model(folder / "model");
    arguments.insert(arguments.end(),
                     {"--model", folder / "model", "--context-steps", "1",
                      "--blank-actions"});
  }
  const RunResult ran = run(arguments);
  INFO(ran.err);
  REQUIRE(ran.status == 0);

  // The clock is that of the child, whose log has the times of requests and
  // replies.
  std::ifstream log(folder / "log");
  double request = 0, reply = 0, reset = 0;
  std::string kind;
  std::vector<double> ticks;  // of the steps, in periods from the reset
  while (log >> request >> reply >> kind) {
    if (kind == "reset") {
      reset = reply;
    } else if (kind == "step") {
      ticks.push_back((request - reset) / 0.04);
    }
  }
  REQUIRE(ticks.size() == 8);
  // A busy machine delays an action, but none is early.
  for (size_t step = 1; step < 8; ++step) {
    CHECK(ticks[step] > (step < 4 ? step : step + 3) - 0.1);
  }
  const auto source = data::hdf5::open_file(folder / "out/data/main_data.hdf5");
  const nlohmann::json latency =
      nlohmann::json::parse(source.text_attribute("gato_latency").value());
  CHECK(latency.at("period") == 0.04);
  CHECK(latency.at("steps") == 8);
  const auto overruns = latency.at("overruns").get<int64_t>();
  CHECK(overruns >= 3);
  CHECK(overruns <= static_cast<int64_t>(ticks[7]) - 7);
  CHECK(latency.at("median") <= latency.at("p95"));
  CHECK(latency.at("p95") <= latency.at("p99"));
  CHECK(latency.at("p99") <= latency.at("max"));
  REQUIRE_THAT(ran.err, Contains(fmt::format(
                            "overruns {} of 8, latency median ", overruns)));
}

TEST_CASE("A control period is a positive duration") {
  const ScratchDirectory folder;
  for (const std::string period : {"0", "-1s", "fast"}) {
    REQUIRE(run({"--policy", "random", "--env", "arcade/catch",
                 "--control-period", period, "-o", folder / "out"})
                .status == 2);
  }
}

TEST_CASE("A child process that breaks down leaves failed episodes") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const RunResult ran =
      run({"--policy", "random", "--env-command",
           child_that_replies(
               folder, R"({"type":"error","message":"no luck","fatal":false})"),
           "--episodes", "2", "-o", output});
  INFO(ran.err);
  REQUIRE(ran.status == 1);
  REQUIRE_THAT(ran.err, Contains("no luck"));
  REQUIRE_THAT(ran.err, Contains("all 2 episodes failed"));
  const auto source = ingest::open_episodes(output, {});
  REQUIRE(source->episode_count() == 2);
  REQUIRE(source->read_episode(0).failed);
  REQUIRE_THAT(source->read_episode(0).failure,
               Contains("step 0: ") && Contains("no luck"));
}

TEST_CASE("A child process that prints garbage or nothing ends the run") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  for (const std::string& command :
       {child_that_replies(folder, "Sampling rejected"), std::string("exit 3"),
        std::string("echo hello; cat")}) {
    const RunResult ran = run({"--policy", "random", "--env-command", command,
                               "--episodes", "2", "-o", output});
    INFO(ran.err);
    REQUIRE(ran.status == 1);
    REQUIRE_FALSE(fs::exists(output));
  }
}

TEST_CASE("An environment is checked with --check-env") {
  const RunResult good = run({"--check-env", "--env", "arcade/catch"});
  INFO(good.out);
  REQUIRE(good.status == 0);
  REQUIRE_THAT(good.out, Contains("expert"));

  const ScratchDirectory folder;
  const RunResult bad = run(
      {"--check-env", "--env-command",
       child_that_replies(
           folder, R"({"type":"error","message":"no luck","fatal":false})")});
  REQUIRE(bad.status == 1);
  REQUIRE_THAT(bad.out, Contains("FAILED") && Contains("no luck"));
}

TEST_CASE("A model plays a task that it does not know, with a warning") {
  const ScratchDirectory folder;
  gato::test::write_tiny_model(folder / "model");
  const auto play = [&](const std::string& name, const std::string& threads) {
    const RunResult ran =
        run({"--model", folder / "model", "--env", "arcade/catch", "--episodes",
             "4", "--batch", "2", "--max-steps", "30", "--threads", threads,
             "--no-provenance", "-o", folder / name});
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    REQUIRE_THAT(ran.err, Contains("does not know the task 'arcade/catch'"));
    return bytes_of(folder / name);
  };
  REQUIRE(play("one", "1") == play("two", "2"));
}

TEST_CASE("A model that learned other actions for the task is refused") {
  const ScratchDirectory folder;
  data::TaskTable tasks;
  tasks.tasks.resize(1);
  tasks.tasks[0].spec =
      env::make_builtin_environment("arcade/catch")->spec().task;
  tasks.tasks[0].spec.action_fields[0].n = {17};
  gato::test::write_tiny_model(folder / "model", tasks);
  const RunResult ran = run({"--model", folder / "model", "--env",
                             "arcade/catch", "-o", folder / "out"});
  REQUIRE(ran.status == 3);
  REQUIRE_THAT(ran.err, Contains("arcade/catch") && Contains("17"));
  REQUIRE_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("A prompt is the model's own, that of a dataset, or none") {
  const ScratchDirectory folder;
  REQUIRE(run({"--policy", "expert", "--env", "arcade/catch", "--episodes", "2",
               "-o", folder / "shown"})
              .status == 0);
  data::TaskTable tasks;
  tasks.tasks.resize(1);
  tasks.tasks[0].spec = ingest::open_episodes(folder / "shown", {})->spec();
  gato::test::write_tiny_model(folder / "model", tasks);
  const auto play = [&](const std::string& prompt) {
    return run({"--model", folder / "model", "--env", "arcade/catch",
                "--episodes", "2", "--max-steps", "5", "--prompt", prompt,
                "--no-provenance", "--force", "-o", folder / "out"});
  };
  REQUIRE(play("own").status == 2);  // it has none
  REQUIRE(play("none").status == 0);
  const std::string without = bytes_of(folder / "out");
  REQUIRE(play(folder / "shown").status == 0);
  REQUIRE(bytes_of(folder / "out") != without);
  REQUIRE(play(folder / "nowhere").status == 4);

  // The dataset is an input of what is played.
  REQUIRE(
      run({"--model", folder / "model", "--env", "arcade/catch", "--episodes",
           "1", "--prompt", folder / "shown", "-o", folder / "traced"})
          .status == 0);
  const auto provenance =
      ingest::open_episodes(folder / "traced", {})->provenance();
  const auto& inputs = provenance.at("inputs");
  REQUIRE(inputs.back().at("path") == folder / "shown/data/main_data.hdf5");
  REQUIRE(provenance.at("parents").back().at("program") == "gato-rollout");
}

TEST_CASE("A prompt is the beginning, the end or the nearest part") {
  const ScratchDirectory folder;
  REQUIRE(run({"--policy", "expert", "--env", "control/pendulum", "--episodes",
               "2", "--max-steps", "30", "-o", folder / "shown"})
              .status == 0);
  data::TaskTable tasks;
  tasks.tasks.resize(1);
  tasks.tasks[0].spec = ingest::open_episodes(folder / "shown", {})->spec();
  gato::test::write_tiny_model(folder / "model", tasks);
  const auto play = [&](const std::string& part,
                        const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--model",
                                          folder / "model",
                                          "--env",
                                          "control/pendulum",
                                          "--episodes",
                                          "2",
                                          "--max-steps",
                                          "5",
                                          "--prompt",
                                          folder / "shown",
                                          "--prompt-part",
                                          part,
                                          "--no-provenance",
                                          "--force",
                                          "-o",
                                          folder / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const RunResult ran = run(arguments);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    const data::hdf5::Group root =
        data::hdf5::open_file(folder / "out/data/main_data.hdf5");
    CHECK(root.integer_attribute("gato_demonstrations") == 2);
    return bytes_of(folder / "out");
  };
  const std::string first = play("first"), last = play("last"),
                    nearest = play("nearest");
  CHECK(first != last);
  CHECK(nearest != first);
  CHECK(nearest != last);
  CHECK(play("nearest") == nearest);
  // A step that is retrieved takes the place of the only past one.
  CHECK(play("nearest", {"--context-steps", "2"}) !=
        play("first", {"--context-steps", "2"}));

  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{
           {"--prompt-part", "last"},
           {"--prompt", "none", "--prompt-part", "nearest"},
           {"--prompt", folder / "shown", "--prompt-part", "nearest",
            "--context-steps", "1"},
           {"--prompt", folder / "shown", "--prompt-part", "middle"}}) {
    std::vector<std::string> arguments = {"--model", folder / "model",
                                          "--env",   "control/pendulum",
                                          "-o",      folder / "none"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    CHECK(run(arguments).status == 2);
  }
}

TEST_CASE("An error in a prompt names its location and gives advice") {
  const ScratchDirectory folder;
  for (const std::string task : {"arcade/catch", "control/cartpole-swingup"}) {
    REQUIRE(run({"--policy", "expert", "--env", task, "--episodes", "1", "-o",
                 folder / (task == "arcade/catch" ? "catch" : "cartpole")})
                .status == 0);
  }
  data::TaskTable tasks;
  tasks.tasks.resize(1);
  tasks.tasks[0].spec = ingest::open_episodes(folder / "catch", {})->spec();
  gato::test::write_tiny_model(folder / "model", tasks);
  const RunResult ran =
      run({"--model", folder / "model", "--env", "arcade/catch", "--prompt",
           folder / "cartpole", "-o", folder / "out"});
  REQUIRE(ran.status == 3);
  REQUIRE_THAT(ran.err, Contains("--prompt: " + folder / "cartpole: ") &&
                            Contains(": use a dataset of 'arcade/catch'"));
}

TEST_CASE("A run in which every episode fails ends with status 1") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const RunResult ran =
      play_counting_child(output, {"--episodes", "2"}, "exit-at-step");
  INFO(ran.err);
  REQUIRE(ran.status == 1);
  REQUIRE_THAT(ran.err, Contains("all 2 episodes failed"));
  REQUIRE_THAT(ran.out, Contains("test/count"));
  REQUIRE(ingest::open_episodes(output, {})->episode_count() == 2);
  REQUIRE_FALSE(fs::exists(output + ".partial"));
  // Nothing is left to resume, but the run has failed nevertheless.
  const RunResult again = play_counting_child(
      output, {"--episodes", "2", "--resume"}, "exit-at-step");
  INFO(again.err);
  REQUIRE(again.status == 1);
  REQUIRE(again.out == ran.out);
}

TEST_CASE("A renderer that fails costs the video and not the episode") {
  const ScratchDirectory folder;
  REQUIRE(play_counting_child(folder / "plain",
                              {"--episodes", "2", "--no-provenance"})
              .status == 0);
  for (const std::string fault :
       {"exit-at-render", "garbage-at-render", "error-at-render",
        "empty-at-render", "hang-at-render"}) {
    // Not an argument, because the dataset records the command.
    setenv("GATO_TEST_FAULT", fault.c_str(), 1);
    const RunResult ran = play_counting_child(
        folder / fault, {"--episodes", "2", "--no-provenance", "--step-timeout",
                         "1", "--video", folder / "video.png"});
    unsetenv("GATO_TEST_FAULT");
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    REQUIRE_THAT(ran.err, Contains("no frame could be rendered") &&
                              Contains("failed 0"));
    REQUIRE_FALSE(fs::exists(folder / "video.png"));
    REQUIRE(bytes_of(folder / fault) == bytes_of(folder / "plain"));
  }
}

TEST_CASE("Built-in environments and several commands are played in one call") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  setenv("GATO_TEST_SPEC", R"({"task": "test/count, again"})", 1);
  const std::string other =
      "export GATO_TEST_SPEC='{\"task\": \"test/other, too\"}'; " +
      counting_child();
  RunResult ran = play_counting_child(output, {"--env-command", other, "--env",
                                               "grid/goto", "--episodes", "2"});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  for (const std::string task :
       {"test/count, again", "test/other, too", "grid/goto"}) {
    REQUIRE(ingest::open_episodes(output + "/" + task, {})->episode_count() ==
            2);
  }
  for (const auto& [task, message] :
       {std::pair<std::string, std::string>{"test/other, too", "two"},
        {"test", "would be within"},
        {"../x", "cannot be a directory"},
        {"/x", "cannot be a directory"},
        {"x/", "cannot be a directory"}}) {
    setenv("GATO_TEST_SPEC", (R"({"task": ")" + task + "\"}").c_str(), 1);
    ran = play_counting_child(folder / "refused",
                              {"--env-command", other, "--episodes", "2"});
    INFO(ran.err);
    REQUIRE(ran.status == 2);
    REQUIRE_THAT(ran.err, Contains(message));
    REQUIRE_FALSE(fs::exists(folder / "refused"));
  }
  unsetenv("GATO_TEST_SPEC");
}

TEST_CASE("A run that a signal stopped is resumed with the same bytes") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const std::vector<std::string> options = {"--episodes", "6", "--batch", "1",
                                            "--threads",  "1"};
  // The provenance, too, is that of a run without interruption.
  REQUIRE(play_counting_child(output, options).status == 0);
  const std::string expected = bytes_of(output);
  std::vector<std::string> resume = options;
  resume.push_back("--resume");
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) {
    fs::remove_all(output);
    const StopRequest stop(folder, 4, signal);
    ::signal(signal, SIG_DFL);  // nohup ignores SIGHUP
    const RunResult stopped = play_counting_child(output, options);
    INFO(stopped.err);
    REQUIRE(stop.is_done());
    REQUIRE(stopped.status == 75);
    REQUIRE_THAT(stopped.err, Contains("3 of 6 episodes are kept in " + output +
                                       ".partial"));
    REQUIRE_FALSE(fs::exists(output));

    const RunResult refused = play_counting_child(output, options);
    REQUIRE(refused.status == 2);
    REQUIRE_THAT(refused.err, Contains("--resume continues it"));
    std::vector<std::string> other = resume;
    other.insert(other.end(), {"--seed", "1"});
    const RunResult changed = play_counting_child(output, other);
    REQUIRE(changed.status == 2);
    REQUIRE_THAT(changed.err, Contains("--seed was 0 and is now 1"));

    const RunResult resumed = play_counting_child(output, resume);
    INFO(resumed.err);
    REQUIRE(resumed.status == 0);
    REQUIRE(bytes_of(output) == expected);
    REQUIRE_FALSE(fs::exists(output + ".partial"));
  }
  const RunResult complete = play_counting_child(output, resume);
  REQUIRE(complete.status == 0);
  REQUIRE_THAT(complete.err, Contains("is complete"));
  std::vector<std::string> other = resume;
  other.insert(other.end(), {"--seed", "1"});
  const RunResult refused = play_counting_child(output, other);
  REQUIRE(refused.status == 2);
  REQUIRE_THAT(refused.err, Contains("another --seed"));
  REQUIRE(bytes_of(output) == expected);
}

TEST_CASE("A recording has the defaults of options that it lacks") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  std::vector<std::string> options = {
      "--episodes", "6", "--batch", "1", "--no-provenance", "--threads", "1"};
  REQUIRE(play_counting_child(folder / "expected", options).status == 0);
  {
    const StopRequest stop(folder, 4, SIGTERM);
    REQUIRE(play_counting_child(output, options).status == 75);
  }
  remove_option(output + ".partial", "max-steps");
  options.push_back("--resume");
  std::vector<std::string> other = options;
  other.insert(other.end(), {"--max-steps", "2"});
  const RunResult changed = play_counting_child(output, other);
  REQUIRE(changed.status == 2);
  REQUIRE_THAT(changed.err, Contains("--max-steps was 0 and is now 2"));
  const RunResult resumed = play_counting_child(output, options);
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  REQUIRE(bytes_of(output) == bytes_of(folder / "expected"));
}

TEST_CASE("Episodes can be added until a recording is complete") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const auto play = [](const std::string& path, const std::string& episodes) {
    return play_counting_child(
        path, {"--episodes", episodes, "--batch", "1", "--threads", "1",
               "--no-provenance", "--resume"});
  };
  REQUIRE(play(folder / "expected", "5").status == 0);
  {
    const StopRequest stop(folder, 3, SIGTERM);
    REQUIRE(play(output, "4").status == 75);
  }
  const RunResult extended = play(output, "5");
  INFO(extended.err);
  REQUIRE(extended.status == 0);
  REQUIRE(bytes_of(output) == bytes_of(folder / "expected"));
  const RunResult refused = play(output, "6");
  REQUIRE(refused.status == 2);
  REQUIRE_THAT(refused.err, Contains("it is complete with 5 episodes, not 6"));
  REQUIRE(bytes_of(output) == bytes_of(folder / "expected"));
}

TEST_CASE("A run that was stopped before any episode leaves nothing") {
  const ScratchDirectory folder;
  const StopRequest stop(folder, 1, SIGTERM);
  const RunResult ran = play_counting_child(
      folder / "out", {"--episodes", "6", "--batch", "1", "--threads", "1"});
  REQUIRE(ran.status == 143);
  REQUIRE_FALSE(fs::exists(folder / "out"));
  REQUIRE_FALSE(fs::exists(folder / "out.partial"));
  run({"--list-envs"});  // forgets the signal
}

TEST_CASE("A run that was killed is resumed with the same bytes") {
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  std::vector<std::string> options = {
      "--episodes", "8", "--batch",         "2",
      "--threads",  "1", "--no-provenance", "--resume"};
  REQUIRE(play_counting_child(folder / "expected", options).status == 0);
  const StopRequest stop(folder, 3, SIGKILL);
  const pid_t process = fork();
  if (process == 0) {
    play_counting_child(output, options);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(fs::file_size(output + ".partial") > 0);
  options.insert(options.end(), {"--video", folder / "video.png"});
  const RunResult resumed = play_counting_child(output, options);
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  REQUIRE(bytes_of(output) == bytes_of(folder / "expected"));
  // The first episode was played again for the video.
  REQUIRE(base::read_file(folder / "video.png").starts_with("\x89PNG"));
}

TEST_CASE("A model's run is resumed and divided by batches") {
  const ScratchDirectory folder;
  gato::test::write_tiny_model(folder / "model");
  const auto play = [&](const std::string& name,
                        const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--model",
                                          folder / "model",
                                          "--env-command",
                                          counting_child(),
                                          "--threads",
                                          "1",
                                          "--no-provenance",
                                          "--batch",
                                          "3",
                                          "--episodes",
                                          "7",
                                          "-o",
                                          folder / name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  REQUIRE(play("expected", {}).status == 0);
  {
    const StopRequest stop(folder, 2, SIGTERM);  // batches of 2, 2 and 3
    REQUIRE(play("out", {}).status == 75);
  }
  const RunResult changed = play("out", {"--resume", "--seed", "8"});
  REQUIRE(changed.status == 2);
  REQUIRE_THAT(changed.err, Contains("--seed was 0 and is now 8"));
  REQUIRE(play("out", {"--resume"}).status == 0);
  REQUIRE(bytes_of(folder / "out") == bytes_of(folder / "expected"));

  const auto expected = ingest::open_episodes(folder / "expected", {});
  int64_t count = 0;
  for (const std::string shard : {"1", "2", "3"}) {
    REQUIRE(play(shard, {"--shard", shard + "/3"}).status == 0);
    const auto part = ingest::open_episodes(folder / shard, {});
    for (int64_t i = 0; i < part->episode_count(); ++i) {
      const data::Episode played = part->read_episode(i);
      const data::Episode same = expected->read_episode(count++);
      REQUIRE(played.seed == same.seed);
      REQUIRE(played.rewards == same.rewards);
    }
  }
  REQUIRE(count == 7);
  const RunResult empty = play("4", {"--shard", "1/4"});
  REQUIRE(empty.status == 2);  // a quarter of three batches
  REQUIRE_THAT(empty.err, Contains("a smaller --batch gives more"));
}

TEST_CASE("All shards together contain the episodes of one run") {
  const ScratchDirectory folder;
  const auto play = [&](const std::string& name,
                        const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--policy",     "random",     "--env",
                                          "arcade/catch", "--episodes", "5",
                                          "-o",           folder / name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    REQUIRE(run(arguments).status == 0);
    return ingest::open_episodes(folder / name, {});
  };
  const auto all = play("all", {});
  int64_t count = 0;
  for (const std::string shard : {"1/3", "2/3", "3/3"}) {
    const auto part = play(shard.substr(0, 1), {"--shard", shard});
    for (int64_t i = 0; i < part->episode_count(); ++i) {
      const data::Episode played = part->read_episode(i);
      const data::Episode same = all->read_episode(count++);
      REQUIRE(played.seed == same.seed);
      REQUIRE(played.rewards == same.rewards);
      REQUIRE(std::get<data::Array>(played.observations[0]).bytes ==
              std::get<data::Array>(same.observations[0]).bytes);
    }
  }
  REQUIRE(count == 5);
}

TEST_CASE("An output may have the name of a policy or of a task") {
  const ScratchDirectory folder;
  const fs::path previous = fs::current_path();
  fs::current_path(folder / ".");
  for (const std::string policy : {"random", "expert"}) {
    for (const int status : {0, 2, 0}) {
      std::vector<std::string> arguments = {"--policy",   policy, "--env",
                                            "grid/goto",  "-o",   policy,
                                            "--episodes", "1"};
      if (status == 0) {
        arguments.push_back("--force");
      }
      const RunResult ran = run(arguments);
      INFO(ran.err);
      CHECK(ran.status == status);
    }
  }
  fs::create_directory("grid");
  CHECK(run({"--policy", "random", "--env", "grid/goto", "-o", "grid/goto",
             "--episodes", "1"})
            .status == 0);
  CHECK(run({"--policy", "random", "--env", "grid/goto", "-o", "grid/goto",
             "--episodes", "1", "--force"})
            .status == 0);
  fs::current_path(previous);
}

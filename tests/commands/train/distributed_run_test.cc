// gato-train in several processes: their result is that of one process, and
// they end together.
#include "gato/commands/train/distributed_run.h"

#include <signal.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/base/processors.h"
#include "gato/cli/tool.h"
#include "gato/model/model_directory.h"
#include "gato/train/run/checkpoint.h"
#include "train/synthetic_data.h"
#include "train/train_process.h"
#include "train/training_fixture.h"

using namespace gato::test;
using Catch::Contains;

namespace {

using Words = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Folder : TrainingFixture {
  std::string messages() const { return folder / "messages"; }
  int train(const std::string& name, const Words& more,
            TrainProcess::Options options = {}) const {
    options.stderr_path = messages();
    TrainProcess process(arguments(run_path(name), more), options);
    const int status = process.wait();
    INFO(read_bytes(messages()));
    return status;
  }
};

std::vector<nlohmann::json> metrics_of(const std::string& run) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(run + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

// Checks that two runs have the same losses, except for the order in which fp32
// gradients are summed. Sums over a few micro-batches then differ by a relative
// error of about 6e-8, the rounding of a float, which AdamW carries into the
// weights. Within a dozen steps the error of the loss stays below 1e-6. A
// micro-batch that is lost, read twice, or weighted only by the targets of its
// own rank changes the second digit of the loss.
void check_same_curve(const std::string& first, const std::string& second) {
  const auto a = metrics_of(first), b = metrics_of(second);
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    INFO("step " << a[i]["step"]);
    CHECK(a[i]["loss"].get<double>() ==
          Approx(b[i]["loss"].get<double>()).epsilon(1e-5));
    CHECK(a[i]["gradient_norm"].get<double>() ==
          Approx(b[i]["gradient_norm"].get<double>()).epsilon(1e-4));
    for (const auto& [name, losses] : a[i]["modality"].items()) {
      CHECK(losses["targets"] == b[i]["modality"][name]["targets"]);
    }
    CHECK(a[i]["domain"].size() == b[i]["domain"].size());
  }
}

std::string weights_of(const std::string& run) {
  return read_bytes(run + "/latest/model.safetensors");
}

}  // namespace

TEST_CASE("One, two and four processes have the same loss at every step") {
  const Folder folder;
  for (const char* average : {"token", "task", "modality"}) {
    const Words same = {"--steps", "12", "--loss-average", average, "--force"};
    const auto with = [&](Words more) {
      more.insert(more.end(), same.begin(), same.end());
      return more;
    };
    REQUIRE(folder.train("one", same) == 0);
    REQUIRE(folder.train("two", with({"--processes", "2"})) == 0);
    REQUIRE(folder.train("four", with({"--processes", "4"})) == 0);
    check_same_curve(folder.run_path("one"), folder.run_path("two"));
    check_same_curve(folder.run_path("one"), folder.run_path("four"));
  }
  CHECK(metrics_of(folder.run_path("four")).back().contains("exchange"));
}

TEST_CASE("Two processes give the same bytes in every run, also with threads") {
  const Folder folder;
  const Words two = {"--processes", "2", "--steps", "5"};
  const auto with = [&](Words more) {
    more.insert(more.end(), two.begin(), two.end());
    return more;
  };
  REQUIRE(folder.train("once", two) == 0);
  REQUIRE(folder.train("again", with({"--threads", "2"})) == 0);
  CHECK(weights_of(folder.run_path("once")) ==
        weights_of(folder.run_path("again")));
}

TEST_CASE("A sharded optimizer has the same result as an unsharded one") {
  const Folder folder;
  const Words three = {"--processes", "3", "--steps", "12"};
  Words sharded = three;
  sharded.push_back("--shard-optimizer");
  REQUIRE(folder.train("single", three) == 0);
  REQUIRE(folder.train("sharded", sharded) == 0);
  check_same_curve(folder.run_path("single"), folder.run_path("sharded"));
  const std::string last = folder.run_path("sharded") + "/latest/";
  for (const char* name : {"optimizer-00000-of-00003.safetensors",
                           "optimizer-00002-of-00003.safetensors"}) {
    CHECK(std::filesystem::file_size(last + name) > 1000);
    CHECK_THAT(read_bytes(last + "MANIFEST.json"), Contains(name));
  }
}

// The networks of the fixture are smaller than one bucket; this one needs
// several.
TEST_CASE("Gradients in many buckets have the same result, also if sharded") {
  const Folder folder;
  const Words same = {"--width",
                      "384",
                      "--feedforward",
                      "1536",
                      "--heads",
                      "4",
                      "--key-size",
                      "96",
                      "--steps",
                      "3",
                      "--force",
                      "--threads",
                      "1",
                      "--micro-batch",
                      "2"};
  const auto with = [&](Words more) {
    more.insert(more.end(), same.begin(), same.end());
    return more;
  };
  REQUIRE(folder.train("one", same) == 0);
  REQUIRE(folder.train("two", with({"--processes", "2"})) == 0);
  REQUIRE(folder.train("three",
                       with({"--processes", "3", "--shard-optimizer"})) == 0);
  check_same_curve(folder.run_path("one"), folder.run_path("two"));
  check_same_curve(folder.run_path("one"), folder.run_path("three"));
}

TEST_CASE("A run can be resumed with two, one and four processes") {
  const Folder folder;
  const std::string run = folder.run_path("parts");
  REQUIRE(folder.train("single", {"--steps", "12"}) == 0);
  REQUIRE(folder.train("parts", {"--resume", "--steps", "4", "--processes", "2",
                                 "--shard-optimizer"}) == 0);
  REQUIRE(folder.train("parts",
                       {"--resume", "--steps", "8", "--processes", "1"}) == 0);
  CHECK(std::filesystem::exists(
      run + "/step-8/optimizer-00000-of-00001.safetensors"));
  REQUIRE(folder.train("parts",
                       {"--resume", "--steps", "12", "--processes", "4"}) == 0);
  CHECK(std::filesystem::exists(
      run + "/step-12/optimizer-00003-of-00004.safetensors"));
  check_same_curve(folder.run_path("single"), run);
}

TEST_CASE("If any process is asked to stop, all stop after the same step") {
  const Folder folder;
  const std::string run = folder.run_path("run");
  const Words two = {"--resume", "--processes", "2", "--save-every", "1000000"};
  for (const bool is_starter : {true, false}) {
    for (const int signal : {SIGTERM, SIGUSR1, SIGINT}) {
      std::filesystem::remove(run + "/metrics.jsonl");
      TrainProcess process(folder.arguments(run, two));
      wait_for_text_in_file(run + "/metrics.jsonl", "step");
      if (is_starter) {
        process.kill(signal);
      } else {
        ::kill(process.child_pids().at(1), signal);
      }
      CHECK(process.wait() == 75);
      CHECK(std::filesystem::exists(run + "/latest/MANIFEST.json"));
    }
  }
  Words limited = two;
  limited.insert(limited.end(), {"--max-time", "1s"});
  TrainProcess process(folder.arguments(run, limited));
  CHECK(process.wait() == 75);

  const std::string last = std::filesystem::read_symlink(run + "/latest");
  const std::string steps = std::to_string(std::stoll(last.substr(5)) + 3);
  REQUIRE(folder.train(
              "run", {"--resume", "--processes", "2", "--steps", steps}) == 0);
  REQUIRE(folder.train("single", {"--processes", "2", "--steps", steps}) == 0);
  CHECK(weights_of(run) == weights_of(folder.run_path("single")));
}

TEST_CASE("Ranks save and exit if the process that started them is killed") {
  const Folder folder;
  const std::string run = folder.run_path("run");
  const Words two = {"--resume", "--processes", "2"};
  TrainProcess process(folder.arguments(run, two),
                       {.stderr_path = folder.messages()});
  wait_for_text_in_file(run + "/metrics.jsonl", "step");
  process.kill(SIGKILL);
  CHECK(process.wait() == 128 + SIGKILL);
  wait_for_text_in_file(folder.messages(), "continues from there");
  Words limited = two;
  limited.insert(limited.end(), {"--max-time", "1s"});
  // The directory is free when the ranks are gone.
  const auto try_again = [&] { return folder.train("run", limited); };
  int status = try_again();
  for (int i = 0; i < 50 && status == 2; ++i) {
    status = try_again();
  }
  CHECK(status == 75);
}

TEST_CASE(
    "A rank that cannot write its shard is named, and training continues") {
  const Folder folder;
  const std::string run = folder.run_path("run");
  TrainProcess process(
      folder.arguments(
          run, {"--processes", "2", "--shard-optimizer", "--save-every", "2"}),
      {.stderr_path = folder.messages()});
  wait_for_file(run + "/step-2");
  const rlimit too_small{16 << 10, 16 << 10};
  REQUIRE(prlimit(process.child_pids().at(1), RLIMIT_FSIZE, &too_small,
                  nullptr) == 0);
  wait_for_text_in_file(run + "/log.txt", "was not saved: rank 1: ");
  const size_t lines = read_bytes(run + "/metrics.jsonl").size();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  process.kill(SIGTERM);
  CHECK(process.wait() == 4);
  CHECK(read_bytes(run + "/metrics.jsonl").size() > lines);
  // No temporary file is left.
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    CHECK_THAT(entry.path().filename().string(), !Catch::Contains(".tmp"));
  }
}

TEST_CASE("If a rank is killed, the job ends and names it") {
  for (const size_t rank : {0, 1, 2}) {
    const Folder folder;
    const std::string run = folder.run_path("run");
    TrainProcess process(folder.arguments(run, {"--processes", "3"}),
                         {.stderr_path = folder.messages()});
    wait_for_text_in_file(run + "/metrics.jsonl", "step");
    const auto start = Clock::now();
    ::kill(process.child_pids().at(rank), SIGKILL);
    CHECK(process.wait() == 1);
    CHECK(seconds_since(start) < 20);
    CHECK_THAT(read_bytes(folder.messages()),
               Contains("rank " + std::to_string(rank) + " on ") &&
                   Contains("was killed by signal 9"));
  }
}

// A step takes minutes here, and the ranks exchange nothing during it.
TEST_CASE("A rank in a long step ends soon after another rank was killed") {
  const Folder folder;
  const Words words = folder.arguments(
      folder.run_path("run"),
      {"--rank-timeout", "5s", "--batch-size", "60000", "--micro-batch", "1"});
  const auto options = [&](const char* number) {
    return TrainProcess::Options{.stderr_path = folder.folder / number,
                                 .environment = {{"WORLD_SIZE", "2"},
                                                 {"RANK", number},
                                                 {"MASTER_ADDR", "localhost"},
                                                 {"MASTER_PORT", "29419"}}};
  };
  TrainProcess first(words, options("0")), second(words, options("1"));
  wait_for_text_in_file(folder.folder / "0", "matmul precision");
  std::this_thread::sleep_for(
      std::chrono::seconds(6));  // until the step has begun
  second.kill(SIGKILL);
  const auto start = Clock::now();
  CHECK(first.wait() == 1);
  CHECK(seconds_since(start) < 30);
  CHECK_THAT(read_bytes(folder.folder / "0"),
             Contains("rank 1 on ") && Contains("has not responded") &&
                 Contains("no longer needed"));
}

TEST_CASE("Steps without a finite loss name the sequences of every rank") {
  const Folder folder;
  const std::string run = folder.run_path("run"), first = run + "/step-1";
  REQUIRE(folder.train("run", {"--steps", "1"}) == 0);
  {
    const gato::model::LoadedModel model = gato::model::load_model(first);
    gato::train::OptimizerState optimizer =
        gato::train::make_optimizer({}, *model.network)->state();
    const gato::train::TrainingState state =
        gato::train::read_training_state(first);
    gato::train::read_optimizer_state(first, *model.network, state, optimizer);
    // Products overflow. Weights that are not finite would be refused.
    model.network->flat_parameters().fill_(1e30F);
    gato::train::ProcessGroup alone;
    gato::train::write_checkpoint(first, *model.network, optimizer, state, {},
                                  alone);
  }
  CHECK(folder.train("run",
                     {"--resume", "--steps", "30", "--processes", "2"}) == 1);
  const std::string log = read_bytes(run + "/log.txt");
  CHECK_THAT(log, Contains("step 11: loss nan") &&
                      Contains("10 consecutive steps had no finite loss"));
  const std::string last = log.substr(log.rfind("10 consecutive steps"));
  CHECK_THAT(last, Contains("data.h5: sequence ") && Contains(" of rank 0; ") &&
                       Contains(" of rank 1"));
}

TEST_CASE("A rank that hangs ends the job within --rank-timeout") {
  const Folder folders[2];
  const auto start = Clock::now();
  const auto run = [&](size_t rank) {
    const Folder& folder = folders[rank];
    auto process = std::make_unique<TrainProcess>(
        folder.arguments(folder.run_path("run"),
                         {"--processes", "2", "--rank-timeout", "5s"}),
        TrainProcess::Options{.stderr_path = folder.messages()});
    wait_for_text_in_file(folder.run_path("run") + "/metrics.jsonl", "step");
    ::kill(process->child_pids().at(rank), SIGSTOP);
    return process;
  };
  const auto first = run(0), second = run(1);
  CHECK(first->wait() == 1);
  CHECK(second->wait() == 1);
  // 5 seconds until it is detected, and 20 until the launcher kills the rank.
  CHECK(seconds_since(start) < 60);
  CHECK_THAT(read_bytes(folders[0].messages()),
             Contains("rank 0 on ") && Contains("hangs"));
  CHECK_THAT(read_bytes(folders[1].messages()),
             Contains("rank 1 on ") && Contains("hangs"));
}

TEST_CASE("An error in one rank ends all ranks") {
  const Folder folder;
  const std::string run = folder.run_path("run");
  CHECK(folder.train("run", {"--processes", "5"}) == 2);
  CHECK_THAT(read_bytes(folder.messages()),
             Contains("5 processes share the 4 micro-batches") &&
                 !Contains("rank"));  // none has been started
  CHECK_FALSE(std::filesystem::exists(run));
  REQUIRE(folder.train("run", {"--processes", "2", "--steps", "2"}) == 0);
  CHECK(folder.train("run", {"--processes", "2", "--steps", "4"}) == 2);
  CHECK_THAT(read_bytes(folder.messages()), Contains("--resume continues"));

  write_synthetic_sequences(folder.data_path, {.has_invalid_task = true});
  CHECK(folder.train("other", {"--processes", "2", "--steps", "9"}) == 3);
  CHECK_THAT(read_bytes(folder.messages()), Contains("sequence 23"));
  CHECK_FALSE(std::filesystem::exists(folder.run_path("other")));
}

TEST_CASE("The variables of torchrun can be set by hand") {
  const Folder folder;
  const Words words =
      folder.arguments(folder.run_path("run"), {"--steps", "4"});
  const auto rank = [&](const char* number) {
    return TrainProcess::Options{.stderr_path = folder.messages(),
                                 .environment = {{"WORLD_SIZE", "2"},
                                                 {"RANK", number},
                                                 {"MASTER_ADDR", "localhost"},
                                                 {"MASTER_PORT", "29417"}}};
  };
  TrainProcess first(words, rank("0")), second(words, rank("1"));
  CHECK(first.wait() == 0);
  CHECK(second.wait() == 0);
  CHECK_THAT(read_bytes(folder.messages()),
             Contains("2 ranks started by torchrun"));
  REQUIRE(folder.train("two", {"--processes", "2", "--steps", "4"}) == 0);
  CHECK(weights_of(folder.run_path("run")) ==
        weights_of(folder.run_path("two")));
}

TEST_CASE("Ranks that do not connect are reported") {
  const Folder folder;
  CHECK(folder.train("run", {"--rank-timeout", "5s"},
                     {.environment = {{"WORLD_SIZE", "3"},
                                      {"RANK", "0"},
                                      {"MASTER_ADDR", "localhost"},
                                      {"MASTER_PORT", "29418"}}}) == 1);
  CHECK_THAT(read_bytes(folder.messages()),
             Contains("2 of the 3 ranks did not join within 5 s: 1, 2"));
  CHECK(folder.train("run", {}, {.environment = {{"WORLD_SIZE", "2"}}}) == 2);
  CHECK_THAT(read_bytes(folder.messages()), Contains("RANK"));
}

TEST_CASE("Ranks can be started by mpirun") {
  if (std::system("command -v mpirun >/dev/null 2>&1") != 0) {
    WARN("skipped: mpirun of Open MPI is not installed");
    return;
  }
  const Folder folder;
  const TrainProcess::Options by_mpirun = {
      .stderr_path = folder.messages(),
      .environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"},
                      {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}},
      .launcher = {"mpirun", "--oversubscribe", "-n", "2"}};
  REQUIRE(folder.train("run", {"--steps", "4"}, by_mpirun) == 0);
  CHECK_THAT(read_bytes(folder.messages()),
             Contains("2 ranks started by mpirun"));
  REQUIRE(folder.train("two", {"--processes", "2", "--steps", "4"}) == 0);
  CHECK(weights_of(folder.run_path("run")) ==
        weights_of(folder.run_path("two")));
  TrainProcess stopped(folder.arguments(folder.run_path("stopped")), by_mpirun);
  wait_for_text_in_file(folder.run_path("stopped") + "/metrics.jsonl", "step");
  stopped.kill(SIGUSR1);
  CHECK(stopped.wait() == 75);
}

TEST_CASE("Ranks can be started by torchrun") {
  if (std::system("command -v torchrun >/dev/null 2>&1") != 0) {
    WARN("skipped: torchrun (of the Python package torch) is not in PATH");
    return;
  }
  const Folder folder;
  REQUIRE(folder.train("run", {"--steps", "4"},
                       {.launcher = {"torchrun", "--standalone", "--no-python",
                                     "--nproc-per-node", "2"}}) == 0);
  CHECK_THAT(read_bytes(folder.messages()),
             Contains("2 ranks started by torchrun"));
  REQUIRE(folder.train("two", {"--processes", "2", "--steps", "4"}) == 0);
  CHECK(weights_of(folder.run_path("run")) ==
        weights_of(folder.run_path("two")));
}

TEST_CASE("More threads than processors are a warning") {
  using gato::train::LaunchInfo;
  const auto warning = [](const LaunchInfo& launch,
                          const std::vector<std::string>& arguments) {
    gato::cli::Command command;
    command.build = [&launch](gato::cli::OptionTable&) {
      return [&launch](gato::cli::CommandContext& context) {
        gato::commands::warn_of_too_many_threads(launch, context);
        return gato::base::ExitStatus::success;
      };
    };
    const RunResult ran = run_command("gato-try", command, arguments);
    REQUIRE(ran.status == 0);
    return ran.err;
  };
  const auto processors = std::to_string(gato::base::available_processors());
  CHECK(warning({}, {}).empty());
  CHECK(warning({}, {"--threads", "1"}).empty());
  CHECK(warning({}, {"--threads", processors}).empty());
  CHECK_THAT(warning({}, {"--threads", "4096"}),
             Contains("warning: --threads 4096: the number of available "
                      "processors is " +
                      processors) &&
                 Contains("pass --threads " + processors));
  LaunchInfo launch;
  launch.launcher = "--processes";
  launch.world_size = launch.local_world_size = 2048;
  CHECK_THAT(warning(launch, {}),
             Contains("2048 processes with 2048 threads in all") &&
                 Contains("start fewer processes"));
  launch.world_size = launch.local_world_size = 1;
  CHECK(warning(launch, {}).empty());
}

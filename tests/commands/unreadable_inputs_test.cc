// Files and folders without read permission: status 4, whatever they contain.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "commands/run_info.h"
#include "gato/base/file_io.h"
#include "gato/commands/eval/eval_score.h"
#include "gato/commands/tokenize/tokenize.h"

using namespace gato;
using namespace gato::commands;
using Catch::Matchers::Contains;

namespace {

// Root may read everything, so the process acts as another user meanwhile.
class ScopedOtherUser {
 public:
  ScopedOtherUser() {
    constexpr uid_t kNobody = 65534;
    if (was_root_) {
      REQUIRE(::seteuid(kNobody) == 0);
    }
  }
  ~ScopedOtherUser() {
    if (was_root_ && ::seteuid(0) != 0) {
      std::abort();
    }
  }
  ScopedOtherUser(const ScopedOtherUser&) = delete;
  ScopedOtherUser& operator=(const ScopedOtherUser&) = delete;

 private:
  const bool was_root_ = ::geteuid() == 0;
};

// Removes the permissions of a file or folder until the end of the scope.
class ScopedUnreadable {
 public:
  explicit ScopedUnreadable(std::string path) : path_(std::move(path)) {
    ::chmod(path_.c_str(), 0);
  }
  ~ScopedUnreadable() { ::chmod(path_.c_str(), 0700); }
  ScopedUnreadable(const ScopedUnreadable&) = delete;
  ScopedUnreadable& operator=(const ScopedUnreadable&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("An input without read permission is an I/O error") {
  const test::ScratchDirectory folder;
  ::chmod((folder / ".").c_str(), 0777);
  const auto model = folder.write_file(
      "text.model",
      base::read_file(GATO_SOURCE_DIR "/tests/reference/text.model"));
  std::filesystem::create_directories(folder / "dataset/data");
  std::filesystem::create_directories(folder / "other/data");
  ::chmod((folder / "other").c_str(), 0755);
  const ScopedUnreadable file(folder.write_file("file.json", "{}"));
  const ScopedUnreadable dataset(folder / "dataset"),
      data(folder / "other/data");
  const std::string output = folder / "out.h5";
  const std::vector<std::string> tokenize = {
      "--text-model", model, "--discrete", "separate", "-o", output};
  const cli::Tool info{"gato-info", "", "", {info_command()}, {}};
  const cli::Tool eval{"gato-eval", "", "", {eval_score_command()}, {}};

  const auto check = [](const cli::Tool& tool,
                        const std::vector<std::string>& arguments,
                        const std::string& input) {
    const ScopedOtherUser other_user;
    const test::RunResult ran = test::run_in_process(tool, arguments);
    INFO(fmt::format("{} {}: {}", tool.name, fmt::join(arguments, " "),
                     ran.err));
    CHECK(ran.status == 4);
    CHECK_THAT(ran.err, Contains(input) && Contains("Permission denied"));
  };
  for (const std::string& input :
       {file.path(), dataset.path(), folder / "other"}) {
    if (input != folder / "other") {
      check(info, {input}, input);
    }
    check(eval, {"score", input}, input);
    std::vector<std::string> episodes = tokenize;
    episodes.insert(episodes.begin(), "episodes");
    episodes.push_back(input);
    check(tokenize_tool(), episodes, input);
  }
  for (const char* command : {"text", "captions", "interleaved"}) {
    std::vector<std::string> arguments = tokenize;
    arguments.insert(arguments.begin(), command);
    arguments.push_back(file.path());
    check(tokenize_tool(), arguments, file.path());
  }
}

TEST_CASE("A pipe is refused without waiting for it") {
  const test::ScratchDirectory folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const test::RunResult ran = test::run_info({folder / "pipe"});
  CHECK(ran.status == 4);
  CHECK_THAT(ran.err, Contains("a pipe or a device"));
}

TEST_CASE("JSON lines are counted, and an invalid line is named") {
  const test::ScratchDirectory folder;
  const auto metrics =
      folder.write_file("m.jsonl", "{\"step\":1}\n{\"step\":2}\n");
  const test::RunResult ran = test::run_info({metrics});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.out, Contains("json lines") && Contains("last.step"));
  CHECK(test::run_info({"--documents", "1", metrics}).status == 2);
  const auto truncated = folder.write_file("n.jsonl", "{\"step\":1}\n{\"st");
  CHECK_THAT(test::run_info({truncated}).err, Contains("line 2 is not JSON"));
}

// Outputs that appear whole or not at all.
#include "gato/base/file_io.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "data/sample_documents.h"

using namespace gato;
using namespace gato::base;
using namespace gato::test;
namespace fs = std::filesystem;

namespace {

// An environment variable that has its old value again in the end.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = ::getenv(name)) {
      before_ = before;
    }
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("an output appears when it is committed, or never") {
  TestDirectory folder;
  {
    AtomicOutput output(folder / "file", false);
    std::ofstream(output.temporary_path()) << "text";
    REQUIRE_FALSE(std::filesystem::exists(folder / "file"));
    output.commit();
  }
  REQUIRE(read_file(folder / "file") == "text");
  { AtomicOutput output(folder / "other", false); }
  {
    AtomicOutput output(folder / "directory/", false,
                        AtomicOutput::Kind::directory);
    std::ofstream(output.temporary_path() / "inner") << "1";
    output.commit();
  }
  REQUIRE(folder.entry_names() ==
          std::vector<std::string>{"directory", "file"});
}

TEST_CASE("an output that cannot be is refused before it is begun") {
  TestDirectory folder;
  write_file(folder / "file", "1", false);
  const auto status = [](const std::filesystem::path& path, bool force,
                         AtomicOutput::Kind kind = AtomicOutput::Kind::file) {
    return thrown_error([&] { AtomicOutput(path, force, kind); }).status();
  };
  REQUIRE(status(folder / "file", false) == ExitStatus::usage);
  REQUIRE(status(folder / "file", true) == ExitStatus::success);
  REQUIRE(status(folder / "file", true, AtomicOutput::Kind::directory) ==
          ExitStatus::usage);
  REQUIRE(status(folder.path(), true) == ExitStatus::usage);
  REQUIRE(status(folder / "none/file", false) == ExitStatus::io);
  REQUIRE(status(folder / "file/inner", false) == ExitStatus::io);
  REQUIRE(thrown_error([&] { read_file(folder / "none"); }).status() ==
          ExitStatus::io);
  REQUIRE(read_file(folder / "file") == "1");
}

TEST_CASE("what renaming cannot replace is refused, and stays") {
  TestDirectory folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  fs::create_symlink("nothing", folder / "dangling");
  for (const char* name : {"pipe", "dangling"}) {
    for (const bool force : {false, true}) {
      INFO(name);
      const Error error =
          thrown_error([&] { check_output(folder / name, force); });
      REQUIRE(error.status() == ExitStatus::usage);
      // What --force would not help.
      REQUIRE(std::string(error.what()).find("--force") == std::string::npos);
      REQUIRE(thrown_error([&] {
                write_file(folder / name, "1", force);
              }).status() == ExitStatus::usage);
    }
  }
  REQUIRE(fs::is_fifo(folder / "pipe"));
  REQUIRE(folder.entry_names() == std::vector<std::string>{"dangling", "pipe"});
  for (const char* name : {"-", "", "/", ".", "..", "./", "a/.."}) {
    INFO(name);
    REQUIRE(thrown_error([&] { check_output(name, true); }).status() ==
            ExitStatus::usage);
    REQUIRE(thrown_error([&] { AtomicOutput(name, true); }).status() ==
            ExitStatus::usage);
  }
}

TEST_CASE("a symbolic link stays, what it points to is replaced") {
  TestDirectory folder;
  fs::create_directory(folder / "elsewhere");
  write_file(folder / "elsewhere/file", "old", false);
  fs::create_symlink("elsewhere/file", folder / "link");
  REQUIRE(thrown_error([&] {
            write_file(folder / "link", "1", false);
          }).status() == ExitStatus::usage);
  write_file(folder / "link", "new", true);
  REQUIRE(fs::is_symlink(folder / "link"));
  REQUIRE(read_file(folder / "elsewhere/file") == "new");
}

TEST_CASE("an output removes what a killed writer of the same name left") {
  TestDirectory folder;
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  const std::string mine = std::string(".file.tmp-") + host + "-";
  const std::string dead = mine + "2147483646-0";
  const std::string alive = mine + std::to_string(::getppid()) + "-0";
  const std::string remote = ".file.tmp-another.host-2147483646-0";
  const std::string other = std::string(".other.tmp-") + host + "-2147483646-0";
  for (const std::string& name :
       {dead, alive, remote, other, std::string(".file.tmp")}) {
    std::ofstream(folder / name) << "half";
  }
  write_file(folder / "file", "1", false);
  std::vector<std::string> expected{".file.tmp", alive, remote, other, "file"};
  std::sort(expected.begin(), expected.end());
  REQUIRE(folder.entry_names() == expected);
}

TEST_CASE("temporary names tell the output that they stand for") {
  REQUIRE(final_output_name(".step-5.tmp-a.host-12-0") == "step-5");
  REQUIRE(final_output_name(".a.tmp-b.tmp-host-1-2") == "a.tmp-b");
  for (const char* name : {"step-5", ".vimrc", ".tmp-host-1-2", ".x.tmp"}) {
    INFO(name);
    REQUIRE_FALSE(final_output_name(name));
  }
}

TEST_CASE("a directory of temporary files goes with its object") {
  TestDirectory folder;
  const Variable directory("TMPDIR", folder.path());
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  const std::string dead = std::string(".mine.tmp-") + host + "-2147483646-0";
  fs::create_directory(folder / dead);
  std::ofstream(folder / dead / "left") << "by a killed process";
  {
    const TemporaryDirectory one("mine"), two("mine");
    REQUIRE(one.path() != two.path());
    std::ofstream(one.path() / "inner") << "1";
    REQUIRE(folder.entry_names().size() == 2);
    REQUIRE((fs::status(one.path()).permissions() & fs::perms::all) ==
            fs::perms::owner_all);
  }
  REQUIRE(folder.entry_names().empty());
  ::setenv("TMPDIR", (folder / "none").c_str(), 1);
  REQUIRE(thrown_error([&] { TemporaryDirectory("mine"); }).status() ==
          ExitStatus::io);
}

// Outputs that appear complete or not at all.
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

// Sets an environment variable and restores its old value when destroyed.
class ScopedEnvironmentVariable {
 public:
  ScopedEnvironmentVariable(const char* name, const std::string& value)
      : name_(name) {
    if (const char* old_value = ::getenv(name)) {
      old_value_ = old_value;
    }
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedEnvironmentVariable() {
    if (old_value_) {
      ::setenv(name_, old_value_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  ScopedEnvironmentVariable(const ScopedEnvironmentVariable&) = delete;
  ScopedEnvironmentVariable& operator=(const ScopedEnvironmentVariable&) =
      delete;

 private:
  const char* name_;
  std::optional<std::string> old_value_;
};

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

TEST_CASE("An output appears when it is committed, or not at all") {
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

TEST_CASE("An output that cannot be written is refused before it is begun") {
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

TEST_CASE("A path that renaming cannot replace is refused and left unchanged") {
  TestDirectory folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  fs::create_symlink("nothing", folder / "dangling");
  for (const char* name : {"pipe", "dangling"}) {
    for (const bool force : {false, true}) {
      INFO(name);
      const Error error =
          thrown_error([&] { check_output(folder / name, force); });
      REQUIRE(error.status() == ExitStatus::usage);
      // --force would not help.
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

TEST_CASE(
    "An output replaces the target of a symbolic link and keeps the link") {
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

TEST_CASE(
    "An output removes the leftovers of killed writers of the same name") {
  TestDirectory folder;
  const std::string mine = ".file.tmp-" + host_name() + "-";
  const std::string dead = mine + "2147483646-0";
  const std::string alive = mine + std::to_string(::getppid()) + "-0";
  const std::string remote = ".file.tmp-another.host-2147483646-0";
  const std::string other = ".other.tmp-" + host_name() + "-2147483646-0";
  for (const std::string& name :
       {dead, alive, remote, other, std::string(".file.tmp")}) {
    std::ofstream(folder / name) << "partial";
  }
  write_file(folder / "file", "1", false);
  std::vector<std::string> expected{".file.tmp", alive, remote, other, "file"};
  std::sort(expected.begin(), expected.end());
  REQUIRE(folder.entry_names() == expected);
}

TEST_CASE("Outputs may have names of any length that the file system allows") {
  TestDirectory folder;
  for (const size_t length : {200, 254, 255}) {
    const std::string name(length, 'n');
    write_file(folder / name, "text", false);
    REQUIRE(folder.entry_names() == std::vector<std::string>{name});
    fs::remove(folder / name);
  }
  REQUIRE(thrown_error([&] {
            write_file(folder / std::string(256, 'n'), "text", false);
          }).status() == ExitStatus::io);
  REQUIRE(folder.entry_names().empty());
}

TEST_CASE("The final name of an output follows from its temporary name") {
  REQUIRE(final_output_name(".step-5.tmp-a.host-12-0") == "step-5");
  REQUIRE(final_output_name(".a.tmp-b.tmp-host-1-2") == "a.tmp-b");
  for (const char* name : {"step-5", ".vimrc", ".tmp-host-1-2", ".x.tmp"}) {
    INFO(name);
    REQUIRE_FALSE(final_output_name(name));
  }
}

TEST_CASE("A temporary directory is removed with its object") {
  TestDirectory folder;
  const ScopedEnvironmentVariable directory("TMPDIR", folder.path());
  const std::string dead = ".mine.tmp-" + host_name() + "-2147483646-0";
  fs::create_directory(folder / dead);
  std::ofstream(folder / dead / "leftover") << "of a killed process";
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

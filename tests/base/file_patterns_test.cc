#include "gato/base/file_patterns.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "cli/run_in_process.h"
#include "gato/base/error.h"

using namespace gato;
using namespace gato::base;
using Catch::Matchers::Contains;
using Texts = std::vector<std::string>;

TEST_CASE("Braces expand as in bash") {
  CHECK(expand_braces("a{08..11}.tar") ==
        Texts{"a08.tar", "a09.tar", "a10.tar", "a11.tar"});
  CHECK(expand_braces("{2..0}") == Texts{"2", "1", "0"});
  CHECK(expand_braces("{9..10}") == Texts{"9", "10"});
  CHECK(expand_braces("{0..010}x").front() == "000x");
  CHECK(expand_braces("{train,val}-{0..1}") ==
        Texts{"train-0", "train-1", "val-0", "val-1"});
  CHECK(expand_braces("{a,b{1..2},}c") == Texts{"ac", "b1c", "b2c", "c"});
}

TEST_CASE("Other braces are left unchanged") {
  for (const char* text :
       {"plain", "{}", "{a}", "{a..c}", "a{b", "a}b", "{1..}", "x{1...2}"}) {
    CHECK(expand_braces(text) == Texts{text});
  }
  CHECK(expand_braces("{a}{1..2}") == Texts{"{a}1", "{a}2"});
}

TEST_CASE("Braces that expand to too many names are refused") {
  CHECK_THROWS_WITH(expand_braces("{0..99999999}"), Contains("million"));
  CHECK_THROWS_WITH(expand_braces("{0..9999}{0..9999}"), Contains("million"));
}

TEST_CASE("Files, braces and globs are expanded to lists of files") {
  const test::ScratchDirectory folder;
  for (const char* name : {"a1.h5", "a2.h5", "b1.h5", "{a,b}.h5"}) {
    folder.write_file(name, "");
  }
  CHECK(
      expand_patterns({folder / "{a,b}*.h5:2.5"}) ==
      Texts{folder / "a1.h5:2.5", folder / "a2.h5:2.5", folder / "b1.h5:2.5"});
  CHECK(expand_patterns({folder / "{a,b}.h5"}) == Texts{folder / "{a,b}.h5"});
  CHECK(expand_patterns({folder / "a{1..3}.h5"}).size() == 3);
  CHECK_THROWS_WITH(expand_patterns({folder / "{c,d}*"}), Contains("c*"));
}

TEST_CASE("Two asterisks match folders at any depth, or none") {
  const test::ScratchDirectory folder;
  for (const char* name : {"b/c", "b/d[1]", ".hidden"}) {
    std::filesystem::create_directories(folder / name);
  }
  for (const char* name :
       {"x.h5", "b/x.h5", "b/c/x.h5", "b/d[1]/x.h5", ".hidden/x.h5"}) {
    folder.write_file(name, "");
  }
  CHECK(expand_patterns({folder / "**/x.h5"}) ==
        Texts{folder / "b/c/x.h5", folder / "b/d[1]/x.h5", folder / "b/x.h5",
              folder / "x.h5"});
  CHECK(expand_patterns({folder / "b/**/x.h5:2"}) ==
        Texts{folder / "b/c/x.h5:2", folder / "b/d[1]/x.h5:2",
              folder / "b/x.h5:2"});
  CHECK(expand_patterns({folder / "**/c/**"}) == Texts{folder / "b/c/x.h5"});
  CHECK(expand_patterns({folder / "**/**/x.h5"}).size() == 4);
  CHECK(expand_patterns({folder / "b**/x.h5"}) == Texts{folder / "b/x.h5"});
  CHECK_THROWS_WITH(expand_patterns({folder / "**/y.h5"}), Contains("**/y.h5"));
}

TEST_CASE("A file list contains one name per line or NUL-terminated names") {
  const test::ScratchDirectory folder;
  const auto names = [&](const std::string& text) {
    return read_file_list(folder.write_file("list", text));
  };
  CHECK(names("a b\r\n\nc*") == Texts{"a b", "c*"});
  CHECK(names(std::string("a\0b\nb\0", 6)) == Texts{"a", "b\nb"});
  CHECK(names(std::string("a\0b", 3)) == Texts{"a", "b"});
  CHECK(names("\xEF\xBB\xBF"
              "a\nb") == Texts{"a", "b"});
  CHECK(names("").empty());
  CHECK_THROWS_WITH(read_file_list(folder / "none"), Contains("none"));
}

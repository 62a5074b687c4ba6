#include "gato/base/toml_reader.h"

#include <catch2/catch.hpp>

using namespace gato;
using namespace gato::base;
using Catch::Matchers::Contains;

TEST_CASE("TOML entries carry their keys, locations and values") {
  const toml::table table =
      parse_toml("rate = 2\n\nbatch_size = 4\nname = 'x'\n", "c.toml");
  const std::vector<TomlEntry> entries =
      read_toml_table(table, "c.toml", {"batch-size", "name", "rate"});
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].key == "batch-size");
  CHECK(entries[0].location == "c.toml: line 3: key 'batch_size'");
  CHECK(read_toml_value<int64_t>(*entries[0].node, "") == 4);
  CHECK(read_toml_value<std::string>(*entries[1].node, "") == "x");
  CHECK(read_toml_value<double>(*entries[2].node, "") == 2);
}

TEST_CASE("Invalid TOML is refused with its file and line") {
  CHECK_THROWS_WITH(parse_toml("a = 1\nb = \n", "c.toml"),
                    Catch::StartsWith("c.toml: line 2: "));
}

TEST_CASE("A TOML key that is unknown or given twice is refused") {
  const auto read = [](const char* text) {
    read_toml_table(parse_toml(text, "c.toml"), "c.toml", {"rate", "a-b"});
  };
  CHECK_THROWS_WITH(read("raet = 1\n"),
                    "c.toml: line 1: key 'raet' is unknown; did you mean "
                    "'rate'?");
  CHECK_THROWS_WITH(read("a-b = 1\na_b = 1\n"), Contains("is given twice"));
}

TEST_CASE("A TOML value of another type is refused") {
  const toml::table table =
      parse_toml("text = '2'\nfloat = 2.0\nlist = [1]\n", "c.toml");
  const auto node = [&](const char* key) -> const toml::node& {
    return *table.get(key);
  };
  CHECK_THROWS_WITH(read_toml_value<double>(node("text"), "here"),
                    "here must be a number, not '2'");
  CHECK_THROWS_WITH(read_toml_value<int64_t>(node("float"), "here"),
                    "here must be an integer, not 2.0");
  CHECK_THROWS_WITH(read_toml_value<bool>(node("float"), "here"),
                    "here must be true or false, not 2.0");
  CHECK_THROWS_WITH(read_toml_value<std::string>(node("list"), "here"),
                    "here must be a string, not [ 1 ]");
}

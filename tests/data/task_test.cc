#include "gato/data/task.h"

#include <catch2/catch.hpp>

using namespace gato::data;
using nlohmann::json;

TEST_CASE("Settings of a task are collected, and differences are reported") {
  const json first = {{"command", "a"},
                      {"frame_skip", 4},
                      {"packages", {{"ale-py", "0.12.1"}}}};
  json other_command = first, other_settings = first;
  other_command["command"] = "b";
  other_settings["frame_skip"] = 5;
  other_settings["packages"]["ale-py"] = "0.13";
  other_settings["sticky"] = 0.25;
  TaskEntry entry;
  REQUIRE(add_settings(entry, nullptr).empty());
  REQUIRE(entry.settings.empty());
  REQUIRE(add_settings(entry, first).empty());
  REQUIRE(add_settings(entry, first).empty());
  REQUIRE(entry.settings == json::array({first}));
  REQUIRE(add_settings(entry, other_command).empty());
  REQUIRE(add_settings(entry, other_settings) ==
          "frame_skip is 5, not 4, packages.ale-py is \"0.13\", not "
          "\"0.12.1\", sticky is 0.25, not null");
  REQUIRE(entry.settings.size() == 3);
}

TEST_CASE("Settings of a task survive in the table of tasks") {
  TaskTable table;
  TaskEntry& entry = table.tasks.emplace_back();
  entry.spec.name = "toys/count";
  REQUIRE_FALSE(table.to_json()["tasks"][0].contains("settings"));
  add_settings(entry, {{"frame_skip", 4}});
  REQUIRE(TaskTable::from_json(table.to_json()).tasks[0].settings ==
          entry.settings);
}

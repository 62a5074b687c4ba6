#include "cli/json_mutations.h"

#include <catch2/catch.hpp>
#include <vector>

namespace gato::test {
namespace {

using nlohmann::json;

void collect_pointers(const json& value, const json::json_pointer& pointer,
                      std::vector<json::json_pointer>& pointers) {
  pointers.push_back(pointer);
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) {
      collect_pointers(child, pointer / key, pointers);
    }
  } else if (value.is_array() && !value.empty()) {
    collect_pointers(value.front(), pointer / size_t{0}, pointers);
    if (value.size() > 1) {
      collect_pointers(value.back(), pointer / (value.size() - 1), pointers);
    }
  }
}

}  // namespace

const std::vector<json>& replacement_values() {
  static const std::vector<json> all = {
      json(),         json(7),       json(-1),
      json(2.5),      json(1e300),   json("x"),
      json(true),     json::array(), json::array({nullptr}),
      json::object(), json{{"a", 1}}};
  static const std::vector<json> some = {all[0], all[4], all[8]};
  return GATO_SANITIZED ? some : all;
}

void for_each_mutation(
    const json& valid,
    const std::function<void(const json&, const std::string&)>& use) {
  std::vector<json::json_pointer> pointers;
  collect_pointers(valid, json::json_pointer(), pointers);
  for (const json::json_pointer& pointer : pointers) {
    for (const json& replacement : replacement_values()) {
      json mutated = valid;
      mutated[pointer] = replacement;
      use(mutated, pointer.to_string() + " = " + replacement.dump());
    }
    if (!pointer.empty() && valid.at(pointer.parent_pointer()).is_object()) {
      json mutated = valid;
      mutated.at(pointer.parent_pointer()).erase(pointer.back());
      use(mutated, pointer.to_string() + " removed");
    }
  }
}

void check_input_types(const ScratchDirectory& folder, const json& valid,
                       const std::string& name,
                       const std::function<RunResult()>& run,
                       bool contains_paths,
                       const std::function<std::string(const json&)>& format) {
  const auto write = [&](const json& value) {
    folder.write_file(name, format(value) + "\n");
  };
  write(valid);
  const RunResult unchanged = run();
  INFO(name << ": " << unchanged.err);
  REQUIRE(unchanged.status == 0);
  for_each_mutation(valid, [&](const json& mutated,
                               const std::string& description) {
    write(mutated);
    require_own_message(run(), name, name + ": " + description, contains_paths);
  });
}

void require_own_message(const RunResult& result, const std::string& file,
                         const std::string& description, bool contains_paths) {
  INFO(description << ": status " << result.status << ": " << result.err);
  const bool is_expected_status = result.status == 0 || result.status == 2 ||
                                  result.status == 3 ||
                                  (contains_paths && result.status == 4);
  REQUIRE(is_expected_status);
  if (result.status == 0) {
    return;
  }
  const auto contains = [&result](const std::string& text) {
    return result.err.find(text) != std::string::npos;
  };
  // Nothing is wrong with empty lists, except that nothing is left to do, or
  // with a small context, except that the data have longer sequences. The
  // status 4 names the missing file.
  const bool names_file = contains(file) || result.status == 4 ||
                          contains("the inputs contain no ") ||
                          contains("but the context of the network is");
  REQUIRE(names_file);
  for (const char* text :
       {"exception", "type must be", "cannot use", "parse error", "_Map_base",
        "basic_string", "vector::", "bad_", "std::", "toml::"}) {
    INFO(text);
    const bool contains_library_text = contains(text);
    REQUIRE_FALSE(contains_library_text);
  }
}

}  // namespace gato::test

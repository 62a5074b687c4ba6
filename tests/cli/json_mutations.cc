#include "cli/json_mutations.h"

#include <array>
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

const std::array<json, 11>& replacements() {
  static const std::array<json, 11> values = {
      json(),         json(7),       json(-1),
      json(2.5),      json(1e300),   json("x"),
      json(true),     json::array(), json::array({nullptr}),
      json::object(), json{{"a", 1}}};
  return values;
}

}  // namespace

void for_each_mutation(
    const json& valid,
    const std::function<void(const json&, const std::string&)>& use) {
  std::vector<json::json_pointer> pointers;
  collect_pointers(valid, json::json_pointer(), pointers);
  for (const json::json_pointer& pointer : pointers) {
    // Sanitizers make the programs slow.
    constexpr size_t kStep = GATO_SANITIZED ? 4 : 1;
    for (size_t i = 0; i < replacements().size(); i += kStep) {
      const json& replacement = replacements()[i];
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

// Gymnasium spaces in JSON, and tables of tasks. An accepted space must survive
// a round trip.
#include <nlohmann/json.hpp>

#include "fuzz/fuzz.h"
#include "gato/data/space.h"
#include "gato/data/token_file.h"

using namespace gato;

namespace {

void read_space(const std::string& text) {
  const data::Space space = data::space_from_json(text);
  const auto fields = data::flatten_space(space, "observation");
  const auto reread = data::flatten_space(
      data::space_from_json(data::space_to_json(space)), "observation");
  FUZZ_REQUIRE(fields.size() == reread.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    FUZZ_REQUIRE(fields[i].name == reread[i].name);
    FUZZ_REQUIRE(fields[i].role == reread[i].role);
    FUZZ_REQUIRE(fields[i].shape == reread[i].shape);
    data::field_from_json(data::field_to_json(fields[i]));
  }
}

void read_tasks(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_discarded()) {
    data::TaskTable::from_json(json).to_json();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::as_text(data, size));
  fuzz::accepts([&] { read_space(text); });
  fuzz::accepts([&] { read_tasks(text); });
  return 0;
}

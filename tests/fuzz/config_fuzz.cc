// Configuration files (--config FILE.toml). The dump of an accepted file must
// be accepted and give the same dump.
#include "fuzz/fuzz.h"
#include "gato/cli/toml_config.h"

using namespace gato;
using namespace gato::cli;

namespace {

struct Options {
  bool flag = false;
  int64_t length = 1;
  uint64_t seed = 0;
  double rate = 0;
  std::string name;
  std::optional<double> limit;
  std::vector<std::string> inputs;
  std::vector<int64_t> episodes;
  std::map<std::string, std::string> role;
  cli::OptionTable table;

  Options() {
    table.add("flag", &flag, "A flag");
    table.add("length", &length, "A length").range(1, 100);
    table.add("seed", &seed, "A seed");
    table.add("rate", &rate, "A rate");
    table.add("name", &name, "A name");
    table.add("limit", &limit, "A limit");
    table.add("inputs", &inputs, "Files");
    table.add("episodes", &episodes, "Numbers");
    table.add("role", &role, "Roles");
  }

  std::string read(const fuzz::MemoryFile& file) {
    cli::ParsedOptions arguments;
    cli::read_config(file.path(), table, arguments);
    for (const auto& [key, value] : arguments) {
      cli::assign_value(*table.find(key), value);
    }
    return cli::to_toml(table);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile file;
  file.fill(fuzz::as_text(data, size));
  std::string dumped;
  if (!fuzz::accepts([&] { dumped = Options().read(file); })) {
    return 0;
  }
  file.fill(dumped);
  FUZZ_REQUIRE(Options().read(file) == dumped);
  return 0;
}

// What a program is, and the one way to run it.
//
//   int main(int argc, char** argv) { return gato::cli::run(tool(), argc,
//   argv); }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/progress.h"
#include "gato/base/shard.h"
#include "gato/cli/option_table.h"
#include "gato/data/provenance.h"

namespace gato::cli {

// Options that every program has; see cli/common_options.cc for their help.
struct CommonOptions {
  std::vector<std::string> config_files;  // files, the first weakest
  std::string output;  // empty where the command has none or it is optional
  bool force = false;
  uint64_t seed = 0;
  int64_t threads =
      0;  // 0 given: the number of processors; resolved before run
  bool quiet = false;
  std::string log_level = "info";
  std::string log_file;
  bool no_provenance = false;
  int64_t skip_bad = 0;
  // Operands, --files-from, globs expanded: those of --shard, and all of them.
  std::vector<std::string> inputs, all_inputs;
  base::Shard shard;
};

// What a command's function receives.
struct CommandContext {
  const CommonOptions& common;
  data::RunRecord record;
  base::ProgressDisplay& progress;
};

enum class OutputRequirement { none, optional, required };

// What --shard I/N divides: nothing, and there is no such option; the operands,
// of which the work then sees its own; or what the command says itself.
enum class Sharding { none, operands, work };

struct UsageExample {
  std::string command;  // one shell line
  std::string meaning;
};

// One command: the program itself, or one of its subcommands. `build` adds
// options bound to state that it owns and returns the work, e.g.
//   [](OptionTable& table) {
//     auto options = std::make_shared<PackOptions>();
//     table.add("length", &options->length, "Tokens a sequence").named("L");
//     return [options](Context& context) { return pack(*options, context); };
//   }
// The work starts only when every option was validated.
using CommandFunction = std::function<base::ExitStatus(CommandContext&)>;
struct Command {
  std::string name;         // empty for a program without subcommands
  std::string summary;      // one line
  std::string description;  // paragraphs for --help and the man page
  std::string operands;     // e.g. "INPUT..."; empty: none are taken
  size_t min_operands = 0;
  OutputRequirement output = OutputRequirement::none;
  std::string output_help = "File to write";
  // Unless set, an output that exists is refused without --force before the
  // work starts. Set where the command itself decides, to resume a run say.
  bool allow_existing_output = false;
  bool has_skip_bad = false;  // has --skip-bad
  Sharding sharding = Sharding::none;
  std::function<CommandFunction(OptionTable&)> build;
  std::vector<UsageExample> examples;
};

struct Tool {
  std::string name;               // gato-pack
  std::string summary;            // one line
  std::string description = {};   // paragraphs; for a program with commands
  std::vector<Command> commands;  // one without a name, or several with
  std::vector<std::string> see_also;
  // What lists the values of an option, by its name, for the shell to complete;
  // those of options with choices are known.
  std::map<std::string, std::function<std::vector<std::string>()>> completions =
      {};
};

// Parses, merges defaults < --config files < command line, validates, runs,
// maps every exception to an exit status and one line on stderr, checks stdout
// at close. A signal that is not handled by the work (base/signals.h) ends it
// with 130 or 143. Hidden options --generate-man and --generate-completion
// write the man page (roff) and a bash completion from the same table.
int run(const Tool& tool, int argc, char** argv);

}  // namespace gato::cli

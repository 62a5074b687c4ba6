// The description of a program and the function that runs it:
//
//   int main(int argc, char** argv) {
//     return gato::cli::run(tool(), argc, argv);
//   }
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

// The options that every program has; cli/common_options.cc has their help.
struct CommonOptions {
  std::vector<std::string> config_files;  // in ascending precedence
  std::string output;  // empty if the command has none or it was not given
  bool force = false;
  uint64_t seed = 0;
  // 0 becomes the number of processors before the work starts.
  int64_t threads = 0;
  bool quiet = false;
  std::string log_level = "info";
  std::string log_file;
  bool no_provenance = false;
  int64_t skip_bad = 0;
  // The operands and the names in --files-from with their globs expanded: those
  // of this shard, and all of them.
  std::vector<std::string> inputs, all_inputs;
  base::Shard shard;
};

// The arguments of a command's function.
struct CommandContext {
  const CommonOptions& common;
  data::RunRecord record;
  base::ProgressDisplay& progress;
};

enum class OutputRequirement { none, optional, required };

// The unit of work that --shard I/N splits. `none`: there is no such option.
// `operands`: the operands; CommonOptions::inputs contains those of this shard.
// `work`: the command divides its work itself.
enum class Sharding { none, operands, work };

// The help of a common option that a command accepts but does not use.
inline constexpr const char* kUnusedOption = "Unused by this command";

struct UsageExample {
  std::string command;  // one shell line
  std::string meaning;
};

// The work of a command. It starts only after every option has been validated.
using CommandFunction = std::function<base::ExitStatus(CommandContext&)>;

// One command: the program itself, or one of its subcommands. `build` adds
// options that are bound to state that it owns, and returns the work:
//
//   [](OptionTable& table) {
//     auto options = std::make_shared<PackOptions>();
//     table.add("length", &options->length, "Tokens per sequence")
//         .metavar("L");
//     return [options](CommandContext& context) {
//       return pack(*options, context);
//     };
//   }
struct Command {
  std::string name;         // empty for a program without subcommands
  std::string summary;      // one lower-case line; empty: that of the tool
  std::string description;  // paragraphs for --help and the man page
  std::string operands;     // e.g. "INPUT..."; empty if it takes none
  // Other forms of its command line, such as "--list"; for the synopsis.
  std::vector<std::string> other_usages = {};
  size_t min_operands = 0;
  // Options that make the operands optional if one of them is given.
  std::vector<std::string> operands_optional_with = {};
  OutputRequirement output = OutputRequirement::none;
  std::string output_help = "File to write";
  // If false, an existing output without --force is an error before the work
  // starts. True if the command itself decides, for example to resume a run.
  bool allow_existing_output = false;
  bool has_skip_bad = false;  // has --skip-bad
  // If true, the work saves its progress when it is asked to stop, returns
  // status 75, and has an option --resume.
  bool can_resume = false;
  // The meaning of status 1 besides a run that failed; empty: none.
  std::string run_failed_help = "";
  // Help of --seed and --threads. A command that ignores one of them says so:
  // kUnusedOption.
  std::string seed_help =
      "Random seed; the same seed, inputs and options give the same bytes";
  std::string threads_help =
      "Number of threads; 0: one per processor. Does not affect the output";
  Sharding sharding = Sharding::none;
  // Replaces the operands, whose globs have been expanded, before --shard
  // divides them; empty: they remain as they are.
  std::function<std::vector<std::string>(const std::vector<std::string>&)>
      expand_operands = {};
  // Returns the path of the file or directory that an operand names. Two
  // operands of the same one are a usage error, because its records would count
  // twice. Empty: operands are not compared.
  std::function<std::string(const std::string&)> operand_path = {};
  std::function<CommandFunction(OptionTable&)> build;
  std::vector<UsageExample> examples;
};

// A program.
struct Tool {
  std::string name;               // gato-pack
  std::string summary;            // one lower-case line
  std::string description = {};   // paragraphs; for a program with subcommands
  std::vector<Command> commands;  // one without a name, or several with names
  std::vector<std::string> see_also;
  // Functions that list the values of an option for shell completion, keyed by
  // the option's name. Options with choices do not need one.
  std::map<std::string, std::function<std::vector<std::string>()>> completions =
      {};
  // Commands that print the values of an option, which the shell runs when it
  // completes them.
  std::map<std::string, std::string> completion_commands = {};
};

// Runs a program and returns its exit status. Parses the command line, merges
// the values (defaults < --config files < command line), validates them, does
// the work and checks stdout for errors. Maps every exception to an exit status
// and one line on stderr. A signal that the work does not handle
// (base/signals.h) ends the program with status 130 or 143. The hidden options
// --generate-man and --generate-completion write the man page (roff) and a bash
// completion script from the same table.
int run(const Tool& tool, int argc, char** argv);

}  // namespace gato::cli

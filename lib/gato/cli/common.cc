#include "gato/cli/common.h"

#include <fmt/format.h>

namespace gato::cli {
namespace {

void add_output(const Command& command, CommonOptions& common,
                OptionTable& table) {
  Option& output = table.add("output", &common.output, command.output_help)
                       .abbreviated('o')
                       .named("PATH");
  if (command.output == Output::required) output.required();
  table.add("force", &common.force, "Replace an output that exists");
  table.add("no-provenance", &common.no_provenance,
            "Leave the provenance out of the output, so that the same input "
            "gives the same bytes");
}

void add_operands(const Command& command, CommonOptions& common,
                  RunOptions& run, OptionTable& table) {
  Option& inputs = table.add("inputs", &common.inputs, "The operands");
  inputs.is_operand = true;
  inputs.value_name = command.operands;
  inputs.is_required = command.minimum_operands > 0;
  table
      .add(
          "files-from", &run.files_from,
          "Read more operands from FILE, one a line or each ended by NUL; - is "
          "the standard input")
      .named("FILE")
      .of_run();
}

void add_shard(const Command& command, CommonOptions& common, RunOptions& run,
               OptionTable& table) {
  const char* divided =
      command.sharding == Sharding::operands ? "operands" : "work";
  table
      .add("shard", &run.shard,
           fmt::format("Do the I-th of N equal parts of the {}, I from 1 to N: "
                       "N jobs share the work",
                       divided))
      .named("I/N");
  table.check([&] { common.shard = parse_shard(run.shard); });
}

}  // namespace

Work build_table(const Command& command, CommonOptions& common, RunOptions& run,
                 OptionTable& table) {
  if (command.output != Output::none) add_output(command, common, table);
  Work work = command.build(table);
  table.group("Common options");
  if (!command.operands.empty()) add_operands(command, common, run, table);
  if (command.sharding != Sharding::none) {
    add_shard(command, common, run, table);
  }
  if (command.skip_bad) {
    table
        .add("skip-bad", &common.skip_bad,
             "Leave out up to N bad records, with a warning each, instead of "
             "stopping at the first")
        .within(0, std::numeric_limits<double>::infinity());
  }
  table.add(
      "seed", &common.seed,
      "What all chance is drawn from; the same seed gives the same bytes");
  table
      .add("threads", &common.threads,
           "Threads to use; 0 is one a processor. Results do not depend on it")
      .within(0, 4096);
  table
      .add("config", &common.config,
           "Read options from a TOML file whose keys are their long names; may "
           "be repeated. Later files win, and the command line wins over all")
      .named("FILE")
      .files()
      .one_each()
      .of_run();
  table
      .add("dump-config", &run.dump_config,
           "Print the merged configuration as TOML and exit; nothing is run")
      .of_run();
  table.add("log-level", &common.log_level, "The least grave messages to show")
      .one_of({"debug", "info", "warning", "error"})
      .named("LEVEL");
  table
      .add("log-file", &common.log_file,
           "Append the messages, with their times, to FILE as well")
      .named("FILE");
  table.add("quiet", &common.quiet,
            "Show warnings and errors only: no progress, no counts");
  table.add("help", &run.help, "Print this help and exit")
      .abbreviated('h')
      .of_run();
  table.add("version", &run.version, "Print the version and exit").of_run();
  return work;
}

}  // namespace gato::cli

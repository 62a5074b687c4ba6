// Every command has the same common options, except for those that depend on
// its description: --output, --skip-bad, --shard and the operands.
#include "gato/cli/common_options.h"

#include <fmt/format.h>

#include <stdexcept>

namespace gato::cli {
namespace {

void add_output_options(const Command& command, CommonOptions& common,
                        OptionTable& table) {
  Option& output = table.add("output", &common.output, command.output_help)
                       .short_name('o')
                       .metavar("PATH")
                       .may_change_on_resume();
  if (command.output == OutputRequirement::required) {
    output.required();
  }
  table.add("force", &common.force, "Replace an existing output")
      .per_invocation();
  table
      .add("no-provenance", &common.no_provenance,
           "Do not record the provenance (program, arguments, inputs) in the "
           "output, so that outputs can be compared byte by byte")
      .may_change_on_resume();
}

void add_operand_options(const Command& command, CommonOptions& common,
                         InvocationOptions& invocation_options,
                         OptionTable& table) {
  Option& inputs = table.add("inputs", &common.inputs, "The operands");
  inputs.is_operand = true;
  inputs.metavar_name = command.operands;
  inputs.is_required = command.min_operands > 0;
  inputs.fixed_on_resume();
  table
      .add("files-from", &invocation_options.files_from,
           "Read more operands from FILE (-: standard input), one per line or "
           "NUL-terminated")
      .metavar("FILE")
      .not_in_config();
}

void add_shard_option(const Command& command, CommonOptions& common,
                      InvocationOptions& invocation_options,
                      OptionTable& table) {
  const char* divided =
      command.sharding == Sharding::operands ? "operands" : "work";
  table
      .add("shard", &invocation_options.shard,
           fmt::format("Process only shard I of N of the {}, with I from 1 to "
                       "N, so that N jobs share the work",
                       divided))
      .metavar("I/N")
      .fixed_on_resume();
  table.add_check([&] {
    common.shard = base::with_context("option --shard", [&] {
      return base::parse_shard(invocation_options.shard);
    });
  });
}

void add_log_options(CommonOptions& common, OptionTable& table) {
  table
      .add("log-level", &common.log_level,
           "Show messages of this level and above")
      .one_of({"debug", "info", "warning", "error"})
      .metavar("LEVEL")
      .per_invocation();
  table
      .add("log-file", &common.log_file,
           "Also append the messages, with timestamps, to FILE")
      .metavar("FILE")
      .per_invocation();
  table
      .add("quiet", &common.quiet,
           "Show only warnings and errors: no progress, no counts")
      .per_invocation();
}

// Throws std::logic_error if an option does not say what --resume does with it.
void require_on_resume(const OptionTable& table) {
  for (const auto& option : table.options()) {
    if (option->is_in_config && option->on_resume == OnResume::unspecified) {
      throw std::logic_error("option --" + option->name +
                             " does not say how it may change on --resume");
    }
  }
}

}  // namespace

CommandFunction build_option_table(const Command& command,
                                   CommonOptions& common,
                                   InvocationOptions& invocation_options,
                                   OptionTable& table) {
  if (command.output != OutputRequirement::none) {
    add_output_options(command, common, table);
  }
  CommandFunction work = command.build(table);
  table.begin_group("Common options");
  if (!command.operands.empty()) {
    add_operand_options(command, common, invocation_options, table);
  }
  if (command.sharding != Sharding::none) {
    add_shard_option(command, common, invocation_options, table);
  }
  if (command.has_skip_bad) {
    table
        .add("skip-bad", &common.skip_bad,
             "Skip up to N bad records, with a warning for each, instead of "
             "stopping at the first")
        .range(0, std::numeric_limits<double>::infinity())
        .fixed_on_resume();
  }
  table.add("seed", &common.seed, command.seed_help).fixed_on_resume();
  table.add("threads", &common.threads, command.threads_help)
      .range(0, 4096)
      .per_invocation();
  table
      .add("config", &common.config_files,
           "Read options from a TOML file, whose keys are the long option "
           "names. May be repeated: later files override earlier ones, and the "
           "command line overrides all of them")
      .metavar("FILE")
      .files()
      .repeatable()
      .not_in_config();
  table
      .add("dump-config", &invocation_options.dump_config,
           "Print the merged configuration as TOML and exit")
      .not_in_config();
  add_log_options(common, table);
  table.add("help", &invocation_options.help, "Print this help and exit")
      .short_name('h')
      .not_in_config();
  table
      .add("version", &invocation_options.version, "Print the version and exit")
      .not_in_config();
  if (command.can_resume) {
    require_on_resume(table);
  }
  return work;
}

}  // namespace gato::cli

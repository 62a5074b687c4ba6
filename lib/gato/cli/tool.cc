// run() installs logging and signal handlers, calls run_tool() and flushes
// stdout. run_guarded() is the only place that turns exceptions into exit
// statuses and messages.
//
// run_command() builds the option table and assigns values in order of
// precedence: command line over --config files over the base configuration
// files (a preset, or the configuration of a resumed run). The values are
// assigned twice, because those given may select the base files. It then runs
// all checks, and only after every one has passed calls the command's function.
#include "gato/cli/tool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <new>
#include <system_error>

#include "gato/base/file_io.h"
#include "gato/base/file_patterns.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/base/malloc_options.h"
#include "gato/base/processors.h"
#include "gato/base/signals.h"
#include "gato/base/spelling.h"
#include "gato/base/string_util.h"
#include "gato/base/version.h"
#include "gato/cli/bash_completion.h"
#include "gato/cli/common_options.h"
#include "gato/cli/help.h"
#include "gato/cli/logging.h"
#include "gato/cli/man_page.h"
#include "gato/cli/option_checks.h"
#include "gato/cli/parse_arguments.h"
#include "gato/cli/standard_output.h"
#include "gato/cli/terminal_progress.h"
#include "gato/cli/toml_config.h"
#include "gato/data/lenient_json.h"

namespace gato::cli {
namespace {

using Words = std::vector<std::string>;

// One invocation of a program, for its messages.
struct Invocation {
  const Tool& tool;
  Words arguments;
  // The command whose --help is suggested if the command line is wrong. Empty
  // after the work has begun.
  std::string help_hint;
  std::string output = {};  // set when the output is complete
};

bool has_commands(const Tool& tool) { return !tool.commands[0].name.empty(); }

const Command& find_command(const Tool& tool, const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : tool.commands) {
    if (command.name == name) {
      return command;
    }
    names.push_back(command.name);
  }
  if (name.starts_with('-')) {
    throw base::usage_error(
        "the command must come before '{}': it is one of {}", name,
        fmt::join(names, ", "));
  }
  throw base::usage_error("unknown command '{}'{}", name,
                          base::suggestion(name, names));
}

void assign_values(const OptionTable& table, const ParsedOptions& given) {
  for (const auto& option : table.options()) {
    if (const auto value = given.find(option->name); value != given.end()) {
      assign_value(*option, value->second);
    }
  }
}

void expand_file_options(const OptionTable& table) {
  for (const auto& option : table.options()) {
    auto* const* list = std::get_if<std::vector<std::string>*>(&option->target);
    if (list && (option->is_operand || option->takes_files)) {
      **list = base::expand_patterns(**list);
    }
  }
}

void select_shard_operands(CommonOptions& common) {
  const int64_t operands = std::ssize(common.inputs);
  // All shards refuse this, even those that have an operand.
  if (common.shard.count > operands) {
    throw base::usage_error(
        "--shard {}/{}: some shards are empty, because there are {} operands",
        common.shard.number, common.shard.count, operands);
  }
  const base::Shard::Range shard_range = common.shard.range_of(operands);
  common.inputs.assign(common.all_inputs.begin() + shard_range.first,
                       common.all_inputs.begin() + shard_range.last);
}

void print_version(const Tool& tool) {
  std::cout << tool.name << " (gato) " << base::version() << "\n";
}

// Assigns the values of the command line, the --config files and the base
// configuration files, in descending precedence. Returns all of these values.
ParsedOptions assign_options(const OptionTable& table,
                             const ParsedOptions& command_line_options) {
  ParsedOptions given;
  if (const auto config = command_line_options.find("config");
      config != command_line_options.end()) {
    for (const std::string& path : config->second.texts) {
      read_config(path, table, given);
    }
  }
  for (const auto& [name, value] : command_line_options) {
    given[name] = value;
  }
  assign_values(table, given);
  ParsedOptions base_options;
  for (const std::string& path : table.base_config_files()) {
    read_config(path, table, base_options);
  }
  if (!base_options.empty()) {
    given.merge(base_options);  // does not replace given values
    assign_values(table, given);
  }
  return given;
}

void add_listed_operands(const std::optional<std::string>& files_from,
                         Words& operands) {
  if (files_from) {
    const Words listed = base::read_file_list(*files_from);
    operands.insert(operands.end(), listed.begin(), listed.end());
  }
}

// Does the work of a command whose options are valid.
base::ExitStatus do_work(Invocation& invocation, const Command& command,
                         const CommandFunction& work, const OptionTable& table,
                         CommonOptions& common) {
  configure_logging(common.log_level, common.quiet, common.log_file);
  log_to_file_only(fmt::format("gato {}: {}", base::version(),
                               base::shell_join(invocation.arguments)));
  data::RunRecord record{.program = invocation.tool.name,
                         .version = base::version(),
                         .argv = invocation.arguments,
                         .configuration = configuration_json(table),
                         .seed = common.seed,
                         .output = common.output,
                         .has_provenance = !common.no_provenance};
  if (command.expand_operands) {
    common.inputs = command.expand_operands(common.inputs);
  }
  check_distinct_operands(command, common.inputs);
  common.all_inputs = common.inputs;
  if (command.sharding == Sharding::operands) {
    select_shard_operands(common);
  }
  invocation.help_hint.clear();
  if (common.threads == 0) {
    common.threads = base::available_processors();
  }
  TerminalProgress progress;
  CommandContext context{common, std::move(record), progress};
  const base::ExitStatus status = work(context);
  invocation.output = common.output;
  return status;
}

// Returns how many of the last words are operands in any case.
size_t min_operands_of(const Command& command, const Words& arguments) {
  const bool are_optional = std::ranges::any_of(
      command.operands_optional_with, [&arguments](const std::string& name) {
        return std::ranges::any_of(arguments, [&name](const std::string& word) {
          return word == "--" + name || word.starts_with("--" + name + "=");
        });
      });
  return are_optional ? 0 : command.min_operands;
}

// Parses and validates all options, and does the work only if there is no
// error.
base::ExitStatus run_command(Invocation& invocation, const Command& command,
                             const Words& arguments) {
  const Tool& tool = invocation.tool;
  invocation.help_hint = full_command_name(tool, command);
  CommonOptions common;
  InvocationOptions invocation_options;
  OptionTable table;
  const CommandFunction work =
      build_option_table(command, common, invocation_options, table);

  const ParsedOptions command_line_options =
      parse_arguments(table, min_operands_of(command, arguments), arguments);
  if (command_line_options.contains("help")) {
    std::cout << command_help(tool, command, table);
    return base::ExitStatus::success;
  }
  if (command_line_options.contains("version")) {
    print_version(tool);
    return base::ExitStatus::success;
  }
  const ParsedOptions given = assign_options(table, command_line_options);
  expand_file_options(table);
  add_listed_operands(invocation_options.files_from, common.inputs);
  run_checks(table, given);
  if (invocation_options.dump_config) {
    std::cout << to_toml(table);
    return base::ExitStatus::success;
  }
  check_required(command, table, given, common.inputs.size());
  check_standard_input(common, invocation_options.files_from);
  if (!common.output.empty() && !command.allow_existing_output) {
    base::check_output(common.output, common.force);
    check_output_is_not_input(common, table);
  }
  return do_work(invocation, command, work, table, common);
}

base::ExitStatus run_tool(Invocation& invocation) {
  const Tool& tool = invocation.tool;
  const Words& arguments = invocation.arguments;
  const std::string first = arguments.size() > 1 ? arguments[1] : "";
  if (first == "--generate-man") {
    std::cout << man_page(tool);
    return base::ExitStatus::success;
  }
  if (first == "--generate-completion") {
    std::cout << bash_completion(tool);
    return base::ExitStatus::success;
  }
  if (!has_commands(tool)) {
    return run_command(invocation, tool.commands[0],
                       {arguments.begin() + 1, arguments.end()});
  }
  if (first == "--help" || first == "-h") {
    std::cout << tool_help(tool);
    return base::ExitStatus::success;
  }
  if (first == "--version") {
    print_version(tool);
    return base::ExitStatus::success;
  }
  if (first.empty()) {
    throw base::usage_error("a command is missing");
  }
  return run_command(invocation, find_command(tool, first),
                     {arguments.begin() + 2, arguments.end()});
}

base::ExitStatus report_error(base::ExitStatus status,
                              const std::string& message) {
  spdlog::error("{}", message);
  return status;
}

base::ExitStatus report_stop_signal(int signal) {
  return signal == SIGINT
             ? report_error(base::ExitStatus::interrupted, "interrupted")
             : report_error(base::ExitStatus::terminated,
                            "terminated by a signal");
}

// Reports an exception of another library. Shows only the first line of its
// message, because LibTorch appends a stack trace; the rest is logged at level
// debug.
base::ExitStatus report_unexpected(const std::string& message) {
  spdlog::debug("{}", message);
  return report_error(base::ExitStatus::run_failed, base::first_line(message));
}

// Calls `function` and maps its exceptions to exit statuses and messages.
template <class Function>
base::ExitStatus run_guarded(const Invocation& invocation, Function function) {
  try {
    return function();
  } catch (const base::StoppedBySignal& stopped) {
    return report_stop_signal(stopped.signal());
  } catch (const base::Error& error) {
    report_error(error.status(), error.what());
    if (error.status() == base::ExitStatus::usage &&
        !invocation.help_hint.empty()) {
      fmt::print(stderr, "Try '{} --help'.\n", invocation.help_hint);
    }
    return error.status();
  } catch (const std::bad_alloc&) {
    return report_error(base::ExitStatus::run_failed, "out of memory");
  } catch (const std::filesystem::filesystem_error& error) {
    return report_error(
        base::ExitStatus::io,
        fmt::format("{}: {}", error.path1().string(), error.code().message()));
  } catch (const nlohmann::json::exception& error) {
    // Readers name the file and the key. The tests that give every input values
    // of other types (for_each_mutation()) fail if one gets here, because this
    // message names no file. What remains is a file that changes between two
    // reads.
    return report_error(base::ExitStatus::bad_input,
                        "invalid JSON: " + data::describe_json_error(error));
  } catch (const std::exception& error) {
    if (!has_stdout_failed()) {
      return report_unexpected(error.what());
    }
    // The exception comes from std::cout: a signal interrupted a write, or a
    // write failed, which flush_and_check_stdout() reports with the reason.
    return base::received_stop_signal()
               ? report_stop_signal(base::received_stop_signal())
               : base::ExitStatus::success;
  }
}

}  // namespace

int run(const Tool& tool, int argc, char** argv) {
  Invocation invocation{tool, Words(argv, argv + argc), tool.name};
  init_logging(tool.name);
  base::disable_malloc_trim();
  base::install_signal_handlers();
  base::install_hdf5_crash_handler();
  throw_on_stdout_error();
  base::ExitStatus status =
      run_guarded(invocation, [&] { return run_tool(invocation); });
  const base::ExitStatus flush_status = run_guarded(invocation, [&invocation] {
    try {
      flush_and_check_stdout();
    } catch (const base::Error& error) {
      if (invocation.output.empty()) {
        throw;
      }
      throw base::Error(error.status(),
                        fmt::format("{}; the output {} is complete",
                                    error.what(), invocation.output));
    }
    return base::ExitStatus::success;
  });
  if (status == base::ExitStatus::success) {
    status = flush_status;
  }
  return static_cast<int>(status);
}

}  // namespace gato::cli

#include "gato/cli/tool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <new>
#include <system_error>
#include <thread>

#include "gato/base/heap.h"
#include "gato/base/library_faults.h"
#include "gato/base/nearest.h"
#include "gato/base/one_line.h"
#include "gato/base/output.h"
#include "gato/base/signals.h"
#include "gato/base/version.h"
#include "gato/cli/common.h"
#include "gato/cli/completion.h"
#include "gato/cli/config.h"
#include "gato/cli/help.h"
#include "gato/cli/inputs.h"
#include "gato/cli/log.h"
#include "gato/cli/man.h"
#include "gato/cli/parse.h"
#include "gato/cli/standard_output.h"

namespace gato::cli {
namespace {

using Words = std::vector<std::string>;

// A run, for its messages.
struct Session {
  const Tool& tool;
  Words arguments;
  // Whose --help is hinted at where the command line is wrong; empty when the
  // work has begun.
  std::string hint;
  std::string output = {};  // that the work has made, when it is done
};

bool has_commands(const Tool& tool) { return !tool.commands[0].name.empty(); }

const Command& find_command(const Tool& tool, const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : tool.commands) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  if (name.starts_with('-')) {
    throw usage_error("the command comes first, before '{}': {}", name,
                      fmt::join(names, ", "));
  }
  throw usage_error("unknown command '{}'{}", name, suggestion(name, names));
}

// For the log file: one line that a shell takes back.
std::string shell_quoted(const Words& arguments) {
  constexpr const char* plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"
      "=:,+@%";
  std::string line;
  for (const std::string& argument : arguments) {
    line += line.empty() ? "" : " ";
    if (!argument.empty() &&
        argument.find_first_not_of(plain) == std::string::npos) {
      line += argument;
      continue;
    }
    line += '\'';
    for (const char c : argument) line += c == '\'' ? "'\\''" : std::string{c};
    line += '\'';
  }
  return line;
}

void assign_all(const OptionTable& table, const Arguments& given) {
  for (const auto& option : table.options()) {
    if (const auto one = given.find(option->name); one != given.end()) {
      assign(*option, one->second);
    }
  }
}

void expand_files(const OptionTable& table) {
  for (const auto& option : table.options()) {
    auto* const* list = std::get_if<std::vector<std::string>*>(&option->target);
    if (list && (option->is_operand || option->takes_files)) {
      **list = expand_globs(**list);
    }
  }
}

// No input may be what --force would replace: not an operand, nor a file that
// an option names.
void check_no_input(const CommonOptions& common, const OptionTable& table) {
  Words inputs = common.config;
  for (const std::string& input : common.inputs)
    inputs.push_back(file_of(input));
  for (const auto& option : table.options()) {
    if (option->name == "output" || option->name == "log-file") continue;
    if (const auto* one = std::get_if<std::string*>(&option->target)) {
      inputs.push_back(**one);
    } else if (const auto* maybe =
                   std::get_if<std::optional<std::string>*>(&option->target)) {
      inputs.push_back((*maybe)->value_or(""));
    } else if (const auto* list =
                   std::get_if<std::vector<std::string>*>(&option->target)) {
      inputs.insert(inputs.end(), (*list)->begin(), (*list)->end());
    }
  }
  for (const std::string& input : inputs) {
    check_not_output(input, common.output);
  }
}

bool is_given(const Option& option) {
  bool* const* flag = std::get_if<bool*>(&option.target);
  return flag ? **flag : !is_empty(option.target);
}

void check_alternatives(const Alternatives& one, const OptionTable& table) {
  const auto is_named = [&table](const std::string& name) {
    return is_given(*table.find(name));
  };
  if (std::ranges::any_of(one.unless, is_named)) return;
  std::vector<std::string> given, wanted;
  for (const std::string& name : one.names) {
    const Option& option = *table.find(name);
    wanted.push_back(fmt::format("--{} {}", name, option.value_name));
    if (is_given(option)) given.push_back("--" + name);
  }
  if (given.empty()) {
    throw usage_error("{} is missing", fmt::join(wanted, " or "));
  }
  if (given.size() > 1) {
    throw usage_error("{} exclude each other: give one of them",
                      fmt::join(given, " and "));
  }
}

void check_required(const Command& command, const OptionTable& table,
                    const Arguments& given, size_t operands) {
  for (const auto& option : table.options()) {
    if (!option->is_required || option->is_operand) continue;
    if (!given.contains(option->name) || is_empty(option->target)) {
      throw usage_error("--{} {} is missing", option->name, option->value_name);
    }
  }
  for (const Alternatives& one : table.alternatives()) {
    check_alternatives(one, table);
  }
  if (operands < command.minimum_operands) {
    throw usage_error("{} is missing: {} given, {} needed", command.operands,
                      operands, command.minimum_operands);
  }
}

// A second reader would find nothing left, and take that for an empty file.
void check_standard_input(const CommonOptions& common,
                          const std::optional<std::string>& files_from) {
  const auto times =
      std::ranges::count(common.inputs, "-") + (files_from == "-" ? 1 : 0);
  if (times > 1) {
    throw usage_error(
        "the standard input (-) can be read once, and is named {} times{}",
        times, files_from == "-" ? ", once by --files-from" : "");
  }
}

void take_operands_of_shard(CommonOptions& common) {
  const auto operands = static_cast<int64_t>(common.inputs.size());
  const Shard::Range own = common.shard.of(operands);
  if (own.size() == 0) {
    throw usage_error(
        "--shard {}/{}: nothing is left to do, there are {} operands",
        common.shard.number, common.shard.count, operands);
  }
  common.inputs.assign(common.all_inputs.begin() + own.first,
                       common.all_inputs.begin() + own.last);
}

// Parses and validates; works only when nothing is left to complain about.
ExitStatus run_command(Session& session, const Command& command,
                       const Words& options) {
  const Tool& tool = session.tool;
  session.hint = full_name(tool, command);
  CommonOptions common;
  RunOptions run;
  OptionTable table;
  const Work work = build_table(command, common, run, table);

  const Arguments from_line =
      parse_arguments(table, command.minimum_operands, options);
  if (from_line.contains("help")) {
    std::cout << command_help(tool, command, table);
    return ExitStatus::done;
  }
  if (from_line.contains("version")) {
    std::cout << tool.name << " (gato) " << version() << "\n";
    return ExitStatus::done;
  }
  Arguments given;
  if (const auto config = from_line.find("config"); config != from_line.end()) {
    for (const std::string& path : config->second.texts) {
      read_config(path, table, given);
    }
  }
  for (const auto& [name, one] : from_line) given[name] = one;
  assign_all(table, given);
  Arguments beneath;
  for (const std::string& path : table.files_beneath()) {
    read_config(path, table, beneath);
  }
  if (!beneath.empty()) {
    given.merge(beneath);  // what was given stays
    assign_all(table, given);
  }
  expand_files(table);
  if (run.files_from) {
    const Words listed = read_file_list(*run.files_from);
    common.inputs.insert(common.inputs.end(), listed.begin(), listed.end());
  }
  for (const auto& check : table.checks()) check();
  if (run.dump_config) {
    std::cout << to_toml(table);
    return ExitStatus::done;
  }
  check_required(command, table, given, common.inputs.size());
  check_standard_input(common, run.files_from);
  if (!common.output.empty() && !command.output_may_exist) {
    check_output(common.output, common.force);
    check_no_input(common, table);
  }

  configure_log(common.log_level, common.quiet, common.log_file);
  log_to_file(
      fmt::format("gato {}: {}", version(), shell_quoted(session.arguments)));
  RunRecord record{tool.name, version(), session.arguments,
                   configuration(table)};
  common.all_inputs = common.inputs;
  if (command.sharding == Sharding::operands) take_operands_of_shard(common);
  session.hint.clear();
  if (common.threads == 0) {
    common.threads = std::max(1u, std::thread::hardware_concurrency());
  }
  Context context{common, std::move(record)};
  const ExitStatus status = work(context);
  session.output = common.output;
  return status;
}

ExitStatus run_tool(Session& session) {
  const Tool& tool = session.tool;
  const Words& arguments = session.arguments;
  const std::string first = arguments.size() > 1 ? arguments[1] : "";
  if (first == "--generate-man") {
    std::cout << man_page(tool);
    return ExitStatus::done;
  }
  if (first == "--generate-completion") {
    std::cout << bash_completion(tool);
    return ExitStatus::done;
  }
  if (!has_commands(tool)) {
    return run_command(session, tool.commands[0],
                       {arguments.begin() + 1, arguments.end()});
  }
  if (first == "--help" || first == "-h") {
    std::cout << tool_help(tool);
    return ExitStatus::done;
  }
  if (first == "--version") {
    std::cout << tool.name << " (gato) " << version() << "\n";
    return ExitStatus::done;
  }
  if (first.empty()) throw usage_error("a command is missing");
  return run_command(session, find_command(tool, first),
                     {arguments.begin() + 2, arguments.end()});
}

ExitStatus report(ExitStatus status, const std::string& message) {
  spdlog::error("{}", message);
  return status;
}

ExitStatus report_stop(int signal) {
  return signal == SIGINT
             ? report(ExitStatus::interrupted, "interrupted")
             : report(ExitStatus::terminated, "terminated by a signal");
}

// Of an exception that is not ours; LibTorch's go on with a stack trace.
ExitStatus report_foreign(const std::string& message) {
  spdlog::debug("{}", message);
  return report(ExitStatus::run_failed, first_line(message));
}

// The one place where exceptions become exit statuses.
template <class Function>
ExitStatus guarded(const Session& session, Function function) {
  try {
    return function();
  } catch (const Stopped& stopped) {
    return report_stop(stopped.signal());
  } catch (const Error& error) {
    report(error.status(), error.what());
    if (error.status() == ExitStatus::usage && !session.hint.empty()) {
      fmt::print(stderr, "Try '{} --help'.\n", session.hint);
    }
    return error.status();
  } catch (const std::bad_alloc&) {
    return report(ExitStatus::run_failed, "out of memory");
  } catch (const std::filesystem::filesystem_error& error) {
    return report(ExitStatus::io, error.what());
  } catch (const std::exception& error) {
    if (!has_failed_output()) return report_foreign(error.what());
    // A write that a signal interrupted; or one that failed, and
    // finish_standard_output() says why.
    return stop_signal() ? report_stop(stop_signal()) : ExitStatus::done;
  }
}

}  // namespace

int run(const Tool& tool, int argc, char** argv) {
  Session session{tool, Words(argv, argv + argc), tool.name};
  start_log(tool.name);
  keep_freed_memory();
  watch_signals();
  refuse_files_on_library_faults();
  watch_standard_output();
  ExitStatus status = guarded(session, [&] { return run_tool(session); });
  const ExitStatus closed = guarded(session, [&session] {
    try {
      finish_standard_output();
    } catch (const Error& error) {
      if (session.output.empty()) throw;
      throw Error(error.status(), fmt::format("{}; the output {} is whole",
                                              error.what(), session.output));
    }
    return ExitStatus::done;
  });
  if (status == ExitStatus::done) status = closed;
  return static_cast<int>(status);
}

}  // namespace gato::cli

// CLI11 splits the command line into the strings of each option. Its validators
// and its checks of required and exclusive options are not used, because they
// see only the command line. assign_value() and the checks in tool.cc also
// apply to values from configuration files, after both have been merged.
//
// CLI11 takes a value of the form [a,b] for a list and removes the brackets,
// although it may be a glob. A NUL, which no argument contains, is therefore
// put before each value that begins with a bracket, and removed afterwards.
#include "gato/cli/parse_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/spelling.h"

namespace gato::cli {
namespace {

CLI::Option* add_option(CLI::App& app, const Option& option,
                        size_t min_operands) {
  std::string names = option.is_operand ? option.name : "--" + option.name;
  if (option.short_letter) {
    names = fmt::format("-{},{}", option.short_letter, names);
  }
  if (is_flag(option.target)) {
    return app.add_flag(names);
  }
  CLI::Option* added = app.add_option(names);
  if (is_list(option.target) && !option.takes_one_value) {
    const auto minimum = static_cast<int>(min_operands);
    added->allow_extra_args()
        ->required(option.is_operand && minimum > 0)
        ->expected(option.is_operand ? minimum : 1,
                   CLI::detail::expected_max_vector_size);
  }
  return added;
}

// Throws Error(usage) for the words that CLI11 does not recognize: unknown
// options, and operands of a command that takes none.
void reject_remaining(const OptionTable& table,
                      const std::vector<std::string>& remaining) {
  for (const std::string& text : remaining) {
    if (text.size() < 2 || text[0] != '-') {
      throw base::usage_error(
          "unexpected operand '{}': this command takes none", text);
    }
    std::vector<std::string> names;
    for (const auto& option : table.options()) {
      if (!option->is_operand) {
        names.push_back("--" + option->name);
      }
    }
    const std::string name = text.substr(0, text.find('='));
    throw base::usage_error("unknown option '{}'{}", name,
                            base::suggestion(name, names));
  }
}

// Puts a NUL before a value that begins with a bracket: that of --NAME=VALUE,
// or the entire word.
std::string protect_brackets(std::string word) {
  size_t value = 0;
  if (word.starts_with("--")) {
    const size_t equals = word.find('=');
    value = equals == std::string::npos ? word.size() : equals + 1;
  }
  if (value < word.size() && word[value] == '[') {
    word.insert(value, 1, '\0');
  }
  return word;
}

std::vector<std::string> unprotect_brackets(std::vector<std::string> words) {
  for (std::string& word : words) {
    std::erase(word, '\0');
  }
  return words;
}

// Throws Error(usage) if an option of one value is given several times, or a
// flag is given as both true and false. `texts` are its values.
void reject_repetition(const Option& option,
                       const std::vector<std::string>& texts) {
  if (texts.size() < 2 || is_list(option.target) || is_map(option.target) ||
      (is_flag(option.target) &&
       std::ranges::count(texts, texts.front()) == std::ssize(texts))) {
    return;
  }
  throw base::usage_error(
      "option --{} is given {} times ({}), but takes one value: specify it "
      "once",
      option.name, texts.size(), fmt::join(texts, ", "));
}

// Parses the words, which CLI11 expects in reverse order.
void parse_words(CLI::App& app, std::vector<std::string> reversed) {
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::RequiredError&) {
    // Too few operands: checked after the configuration has been merged.
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();  // "--NAME: 1 required ..."
    throw base::usage_error("option {} requires a value",
                            text.substr(0, text.find(':')));
  } catch (const CLI::ParseError& error) {
    throw base::usage_error("{}", error.what());
  }
}

}  // namespace

ParsedOptions parse_arguments(const OptionTable& table, size_t min_operands,
                              const std::vector<std::string>& arguments) {
  // All words after "--" are operands. They are removed before CLI11 parses the
  // rest, because it treats a "--" after a list option only as the end of that
  // list.
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  const std::vector<std::string> after_separator(
      separator == arguments.end() ? separator : separator + 1,
      arguments.end());
  const size_t missing_operands =
      min_operands - std::min(min_operands, after_separator.size());

  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  std::vector<CLI::Option*> parsed;
  for (const auto& option : table.options()) {
    parsed.push_back(add_option(app, *option, missing_operands));
    parsed.back()->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  std::vector<std::string> reversed(std::make_reverse_iterator(separator),
                                    arguments.rend());
  std::ranges::transform(reversed, reversed.begin(), protect_brackets);
  parse_words(app, std::move(reversed));

  ParsedOptions given;
  for (size_t i = 0; i < parsed.size(); ++i) {
    const Option& option = *table.options()[i];
    ParsedValue value{unprotect_brackets(parsed[i]->results()),
                      "option --" + option.name, false};
    if (option.is_operand) {
      value.origin = "operand";
      value.texts.insert(value.texts.end(), after_separator.begin(),
                         after_separator.end());
    }
    if (!value.texts.empty()) {
      given[option.name] = std::move(value);
    }
  }
  // --help and --version work even if the command line has other errors.
  if (!given.contains("help") && !given.contains("version")) {
    reject_remaining(table, unprotect_brackets(app.remaining()));
    for (const auto& option : table.options()) {
      if (const auto found = given.find(option->name); found != given.end()) {
        reject_repetition(*option, found->second.texts);
      }
    }
    if (!table.find("inputs")) {
      reject_remaining(table, after_separator);
    }
  }
  return given;
}

}  // namespace gato::cli

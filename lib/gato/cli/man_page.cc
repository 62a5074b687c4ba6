// Each section of the page is one function that returns roff source. The
// options come from the tables of all commands: each command lists its own
// options under the headings of their groups, and the common options follow
// once at the end.
#include "gato/cli/man_page.h"

#include <algorithm>
#include <sstream>

#include "gato/base/version.h"
#include "gato/cli/common_options.h"
#include "gato/cli/help.h"

namespace gato::cli {
namespace {

constexpr const char* kCommonGroup = "Common options";

// Escapes text so that roff prints it unchanged: minus signs can be copied as
// ASCII, and no line begins with a request.
std::string escape_roff(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      default:
        result += c;
    }
  }
  return result.starts_with('.') ? "\\&" + result : result;
}

// Returns the lines of one paragraph.
std::string format_paragraph(const std::string& text) {
  std::istringstream lines(wrap_text(text, 0));
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    result += escape_roff(line) + "\n";
  }
  return result;
}

// Returns several paragraphs. Indented lines become an unfilled block.
std::string format_paragraphs(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  bool is_block = false, is_break = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      is_break = true;
      continue;
    }
    const bool is_indented = line[0] == ' ';
    if (is_block && !is_indented) {
      result += ".EE\n";
    }
    if (is_break || (is_block && !is_indented)) {
      result += ".PP\n";
    }
    if (is_indented && !is_block) {
      result += ".EX\n";
    }
    result += is_indented ? escape_roff(line) + "\n" : format_paragraph(line);
    is_block = is_indented;
    is_break = false;
  }
  return is_block ? result + ".EE\n" : result;
}

std::string tagged_paragraph(const std::string& term, const std::string& text) {
  return ".TP\n.B " + term + "\n" + format_paragraph(text);
}

std::string option_heading(const Option& option) {
  std::string names = option.short_letter
                          ? fmt::format("\\-{}\\fR, \\fB", option.short_letter)
                          : "";
  names += "\\-\\-" + escape_roff(option.name);
  if (!option.metavar_name.empty()) {
    names += " \\fI" + escape_roff(option.metavar_name) + "\\fR";
  }
  return names;
}

struct CommandOptions {
  const Command* command;
  CommonOptions common;
  InvocationOptions invocation_options;
  OptionTable table;
};

using AllCommandOptions = std::vector<std::unique_ptr<CommandOptions>>;

// Returns the own options of a command, with a heading per group.
std::string own_option_entries(const OptionTable& table) {
  std::string text, group;
  for (const auto& option : table.options()) {
    if (option->is_operand || option->group == kCommonGroup) {
      continue;
    }
    if (option->group != group) {
      group = option->group;
      if (group != "Options") {
        text += ".PP\n" + format_paragraph(group + ":");
      }
    }
    text +=
        tagged_paragraph(option_heading(*option), option_help(*option, table));
  }
  return text;
}

// Returns the entry of a common option, with a paragraph per text that is the
// help of it in some of the commands.
std::string common_option_entry(const Option& option,
                                const AllCommandOptions& commands) {
  std::vector<std::pair<std::string, std::vector<std::string>>> texts;
  for (const auto& options : commands) {
    const Option* found = options->table.find(option.name);
    if (!found) {
      continue;
    }
    const std::string help = option_help(*found, options->table);
    const auto same = std::ranges::find(
        texts, help, [](const auto& text) { return text.first; });
    const std::string& command = options->command->name;
    if (same == texts.end()) {
      texts.push_back({help, {command}});
    } else {
      same->second.push_back(command);
    }
  }
  const bool is_for_all =
      texts.size() == 1 && texts[0].second.size() == commands.size();
  std::string entry = ".TP\n.B " + option_heading(option) + "\n";
  for (const auto& [help, names] : texts) {
    if (&help != &texts[0].first) {
      entry += ".br\n";
    }
    entry += format_paragraph(
        is_for_all ? help
                   : fmt::format("{}: {}", fmt::join(names, ", "), help));
  }
  return entry;
}

std::string options_section(const AllCommandOptions& commands) {
  std::string text;
  for (const auto& options : commands) {
    const Command& command = *options->command;
    if (!command.name.empty()) {
      text += ".SS " + escape_roff(command.name) + "\n" +
              format_paragraph(summary_sentence(command.summary));
      if (!command.description.empty()) {
        text += ".PP\n" + format_paragraphs(command.description);
      }
    }
    text += own_option_entries(options->table);
  }
  text += ".SS Common options\n";
  std::vector<std::string> listed;
  for (const auto& options : commands) {
    for (const auto& option : options->table.options()) {
      const bool is_new =
          std::ranges::find(listed, option->name) == listed.end();
      if (option->group != kCommonGroup || option->is_operand || !is_new) {
        continue;
      }
      listed.push_back(option->name);
      text += common_option_entry(*option, commands);
    }
  }
  return text;
}

std::string examples_section(const Tool& tool) {
  std::string text;
  for (const Command& command : tool.commands) {
    for (const UsageExample& example : command.examples) {
      text += text.empty() ? ".SH EXAMPLES\n" : ".PP\n";
      text += format_paragraph(example.meaning + ":") + ".PP\n.RS 4\n.EX\n" +
              escape_roff(example.command) + "\n.EE\n.RE\n";
    }
  }
  return text;
}

std::string see_also_section(const Tool& tool) {
  std::string text;
  for (const std::string& page : tool.see_also) {
    const size_t open = page.find('(');
    const std::string name = page.substr(0, open);
    const std::string section =
        open == std::string::npos
            ? "1"
            : page.substr(open + 1, page.find(')') - open - 1);
    if (!text.empty()) {
      text += " ,\n";
    }
    text += ".BR " + escape_roff(name) + " (" + section + ")";
  }
  return text.empty() ? "" : ".SH SEE ALSO\n" + text + "\n";
}

}  // namespace

std::string man_page(const Tool& tool) {
  AllCommandOptions commands;
  for (const Command& command : tool.commands) {
    auto options = std::make_unique<CommandOptions>();
    options->command = &command;
    build_option_table(command, options->common, options->invocation_options,
                       options->table);
    commands.push_back(std::move(options));
  }
  std::string title = tool.name;
  std::transform(title.begin(), title.end(), title.begin(), ::toupper);
  std::string page = fmt::format(
      ".TH {} 1 {} \"gato {}\" \"Gato Manual\"\n.SH NAME\n{} \\- {}\n"
      ".SH SYNOPSIS\n",
      title, base::release_date(), base::version(), escape_roff(tool.name),
      escape_roff(tool.summary));
  for (size_t i = 0; i < commands.size(); ++i) {
    const CommandOptions& options = *commands[i];
    if (i > 0) {
      page += ".br\n";
    }
    const std::string name =
        ".B " + escape_roff(full_command_name(tool, *options.command)) + "\n";
    page += name +
            escape_roff(usage_synopsis(*options.command, options.table)) + "\n";
    for (const std::string& usage : options.command->other_usages) {
      page += ".br\n" + name + escape_roff(usage) + "\n";
    }
  }
  page += ".SH DESCRIPTION\n";
  const std::string& description =
      tool.description.empty() && tool.commands.size() == 1
          ? tool.commands[0].description
          : tool.description;
  page += format_paragraphs(description.empty() ? summary_sentence(tool.summary)
                                                : description);
  page += ".SH OPTIONS\n" + options_section(commands);
  page += ".SH EXIT STATUS\n";
  for (const auto& [status, meaning] :
       exit_status_descriptions(tool.commands)) {
    page +=
        tagged_paragraph(fmt::format("{}", static_cast<int>(status)), meaning);
  }
  return page + examples_section(tool) + see_also_section(tool);
}

}  // namespace gato::cli

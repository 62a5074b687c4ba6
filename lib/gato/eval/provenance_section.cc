#include "gato/eval/provenance_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gato/base/string_util.h"
#include "gato/eval/html_page.h"

namespace gato::eval {
namespace {

using nlohmann::json;

// Returns the text under a key, or an empty string; provenance comes from files
// of any origin.
std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

std::string command_of(const json& provenance) {
  std::vector<std::string> words;
  if (const auto argv = provenance.find("argv");
      argv != provenance.end() && argv->is_array()) {
    for (const json& word : *argv) {
      if (word.is_string()) {
        words.push_back(word.get<std::string>());
      }
    }
  }
  const std::string command = base::shell_join(words);
  if (!command.empty()) {
    return command;
  }
  const std::string program = text_at(provenance, "program");
  return program.empty() ? "(unknown program)" : program;
}

// Appends a run and, before it, those that produced its inputs, unless they are
// known.
void add_run(const json& provenance, std::vector<json>& runs) {
  if (!provenance.is_object()) {
    return;
  }
  if (const auto parents = provenance.find("parents");
      parents != provenance.end() && parents->is_array()) {
    for (const json& parent : *parents) {
      add_run(parent, runs);
    }
  }
  json run = provenance;
  run.erase("parents");
  if (std::ranges::find(runs, run) == runs.end()) {
    runs.push_back(std::move(run));
  }
}

// Returns the command of a run and, below it, its version, seed and inputs.
std::string run_html(const json& run) {
  std::vector<std::string> facts;
  if (const std::string version = text_at(run, "version"); !version.empty()) {
    facts.push_back("version " + version);
  }
  if (const auto seed = run.find("seed");
      seed != run.end() && seed->is_number()) {
    facts.push_back("seed " + seed->dump());
  }
  std::string html =
      fmt::format("<pre>{}    # {}</pre>\n", escape_html(command_of(run)),
                  escape_html(fmt::format("{}", fmt::join(facts, ", "))));
  std::vector<std::vector<std::string>> rows;
  if (const auto inputs = run.find("inputs");
      inputs != run.end() && inputs->is_array()) {
    for (const json& input : *inputs) {
      if (input.is_object()) {
        const auto size = input.find("size");
        rows.push_back(
            {text_at(input, "path"), text_at(input, "digest"),
             size != input.end() && size->is_number() ? size->dump() : "-"});
      }
    }
  }
  if (!rows.empty()) {
    html += html_table({"input", "xxh64", "bytes"}, rows, 2);
  }
  return html;
}

// Formats settings as "frame_skip=4, packages.gato=0.1.0", or "-" if unknown.
std::string format_settings(const json& settings) {
  if (!settings.is_object() || settings.empty()) {
    return "-";
  }
  std::vector<std::string> texts;
  const json flat = settings.flatten();
  for (const auto& [path, value] : flat.items()) {
    std::string name = path.substr(1);
    std::ranges::replace(name, '/', '.');
    texts.push_back(fmt::format(
        "{}={}", name,
        value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::string provenance_html(const std::vector<ReportInput>& inputs) {
  std::vector<std::vector<std::string>> rows;
  std::vector<json> runs;
  int64_t unknown = 0;
  for (const ReportInput& input : inputs) {
    rows.push_back(
        {input.path, input.task, input.agent.empty() ? "-" : input.agent,
         std::to_string(input.episodes), format_settings(input.settings)});
    unknown += !input.provenance.is_object();
    add_run(input.provenance, runs);
  }
  std::string html =
      fold_if_long(fmt::format("{} datasets", rows.size()),
                   sortable_table({"dataset", "task", "policy", "episodes",
                                   "settings of the environment"},
                                  rows, {0, 1, 2, 4}),
                   rows.size());
  html += fmt::format(
      "<details{}><summary><b>Commands</b>{} run{} of programs led to these "
      "datasets{}</summary>\n",
      runs.size() <= 8 ? " open" : "", runs.size(), runs.size() == 1 ? "" : "s",
      unknown == 0 ? std::string()
                   : fmt::format("; {} dataset{} no provenance", unknown,
                                 unknown == 1 ? " has" : "s have"));
  for (const json& run : runs) {
    html += run_html(run);
  }
  return html + "</details>\n";
}

}  // namespace gato::eval

#include "gato/commands/info/info_page.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <iterator>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/eval/page/dataset_page.h"
#include "gato/eval/page/run_page.h"
#include "gato/eval/page/token_page.h"
#include "gato/eval/page/view_page.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;
using eval::HtmlSection;

// The sections of a run are those of its metrics and of its newest model.
std::vector<HtmlSection> run_and_model_sections(
    const fs::path& path, const std::vector<eval::Finding>& findings,
    const PageOptions& options) {
  std::vector<HtmlSection> sections = eval::run_sections(path, findings);
  if (const auto newest = data::newest_complete_checkpoint(path)) {
    std::vector<HtmlSection> model =
        eval::model_sections(*newest, {}, options.attention);
    for (HtmlSection& section : model) {
      if (section.title != "Checks") {
        section.title = newest->filename().string() + ": " + section.title;
        sections.push_back(std::move(section));
      }
    }
  }
  return sections;
}

std::vector<HtmlSection> make_sections(
    const fs::path& path, const std::vector<eval::Finding>& findings,
    int64_t max_bytes, const PageOptions& options,
    const cli::CommandContext& context) {
  const FileKind kind = detect_file_kind(path);
  switch (kind) {
    case FileKind::token_file:
      return eval::token_sections(data::TokenFileReader(path), findings,
                                  max_bytes);
    case FileKind::sequence_file:
      return eval::sequence_sections(data::SequenceFileReader(path), findings,
                                     max_bytes);
    case FileKind::minari:
    case FileKind::d4rl:
    case FileKind::robomimic: {
      const auto source = ingest::open_episodes(path, options.checks.episodes);
      return eval::dataset_sections(*source, findings, max_bytes,
                                    &context.progress);
    }
    case FileKind::model:
      return eval::model_sections(path, findings, options.attention);
    case FileKind::run:
      return run_and_model_sections(path, findings, options);
    default:
      throw base::input_error(
          "{}: there is no page for a {}: specify datasets, token files, "
          "sequence files, runs or models",
          path.string(), name_of(kind));
  }
}

}  // namespace

void add_page_options(cli::OptionTable& table, PageOptions& page) {
  table
      .add("html", &page.output,
           "Write an HTML page that shows the contents of the files and the "
           "problems found in them")
      .metavar("OUT.html");
  table.add("force", &page.force, "Replace an existing page");
  table
      .add("max-size", &page.max_megabytes,
           "With --html: the maximum size of the page in megabytes; frames of "
           "videos and tokens are left out to stay below it")
      .metavar("MB")
      .range(0.1, 1000);
  table
      .add("data", &page.data,
           "With --html, for models: show what the first layer attends to in a "
           "time step of this token file")
      .metavar("FILE");
  table.add("step", &page.attention.step, "With --data: the time step to show")
      .metavar("N")
      .range(0, 1e9)
      .default_is("the one in the middle");
  table
      .add("head", &page.attention.head,
           "With --data: the head to show enlarged")
      .metavar("N")
      .range(0, 1e6)
      .default_is("the one whose attention is least uniform");
}

void write_page(const PageOptions& options,
                const cli::CommandContext& context) {
  const std::string& text_model = options.checks.text_model;
  if (!text_model.empty()) {
    base::check_readable(text_model);
  }
  const std::vector<std::string>& inputs = context.common.inputs;
  const auto max_bytes = static_cast<int64_t>(options.max_megabytes * 1e6);
  std::vector<HtmlSection> sections;
  std::string introduction;
  for (const std::string& input : inputs) {
    const fs::path path = data::resolve_checkpoint_reference(input);
    const CheckedFile checked = check_file(input, options.checks, context);
    if (checked.kind.empty()) {
      throw base::Error(checked.status, checked.findings.front().message);
    }
    std::vector<HtmlSection> own = make_sections(
        path, checked.findings, max_bytes / static_cast<int64_t>(inputs.size()),
        options, context);
    for (HtmlSection& section : own) {
      if (inputs.size() > 1) {
        section.title =
            fs::path(input).filename().string() + ": " + section.title;
      }
      sections.push_back(std::move(section));
    }
    introduction +=
        (introduction.empty() ? "" : ", ") + checked.kind_name + " " + input;
  }
  const std::string title = inputs.size() == 1
                                ? fs::path(inputs.front()).filename().string()
                                : fmt::format("{} files", inputs.size());
  const std::string page = eval::view_page(title, introduction, sections);
  if (static_cast<int64_t>(page.size()) > max_bytes) {
    throw base::usage_error(
        "{}: the page would take {:.1f} MB: raise --max-size, or specify fewer "
        "files",
        options.output, static_cast<double>(page.size()) / 1e6);
  }
  base::write_file(options.output, page, options.force);
  spdlog::info("{}: {:.2f} MB", options.output,
               static_cast<double>(page.size()) / 1e6);
}

}  // namespace gato::commands

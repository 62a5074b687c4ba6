#include "gato/commands/info/info_check.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>

#include "gato/base/file_io.h"
#include "gato/base/string_util.h"
#include "gato/base/text_table.h"
#include "gato/commands/info/info_output.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/eval/check/dataset_check.h"
#include "gato/eval/check/run_check.h"
#include "gato/eval/check/token_check.h"
#include "gato/eval/check/weight_check.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;
using eval::Finding;
using eval::Severity;
using nlohmann::ordered_json;

std::vector<Finding> check_episodes(const fs::path& path,
                                    const CheckOptions& options,
                                    const cli::CommandContext& context) {
  const auto source = ingest::open_episodes(path, options.episodes);
  std::optional<tokenize::TextEncoder> encoder;
  std::optional<eval::TextCoverage> coverage;
  if (!options.text_model.empty()) {
    encoder.emplace(base::read_file(options.text_model));
    coverage.emplace(*encoder);
  }
  std::vector<Finding> findings =
      eval::check_dataset(*source, {.threads = context.common.threads,
                                    .coverage = coverage ? &*coverage : nullptr,
                                    .progress = &context.progress});
  for (const std::string& warning : source->warnings()) {
    findings.push_back({Severity::warning, "metadata", "", warning, 1});
  }
  return findings;
}

std::vector<Finding> check_training_run(const fs::path& path,
                                        const cli::CommandContext& context) {
  if (const auto newest = data::newest_complete_checkpoint(path)) {
    inspect_model(*newest);
  }
  return eval::check_run(path, &context.progress);
}

// Reads the whole file, as gato-info does without --check.
std::vector<Finding> check_other(const fs::path& path) {
  const Inspection found = inspect(path);
  if (found.unfinished.empty()) {
    return {};
  }
  return {{Severity::error, "unfinished", "", found.unfinished, 1}};
}

std::vector<Finding> check_by_kind(const fs::path& path, FileKind kind,
                                   const CheckOptions& options,
                                   const cli::CommandContext& context) {
  switch (kind) {
    case FileKind::token_file:
      return eval::check_tokens(data::TokenFileReader(path), &context.progress);
    case FileKind::sequence_file:
      return eval::check_sequences(data::SequenceFileReader(path),
                                   &context.progress);
    case FileKind::minari:
    case FileKind::d4rl:
    case FileKind::robomimic:
      return check_episodes(path, options, context);
    case FileKind::model:
      inspect_model(path);
      return eval::check_weights(path / "model.safetensors", &context.progress);
    case FileKind::run:
      return check_training_run(path, context);
    case FileKind::safetensors:
      return eval::check_weights(path, &context.progress);
    default:
      return check_other(path);
  }
}

// Returns the status of episodes that cannot be read.
base::ExitStatus status_of(const std::vector<Finding>& findings) {
  const bool is_readable = std::ranges::find(findings, "unreadable",
                                             &Finding::check) == findings.end();
  return is_readable ? base::ExitStatus::success : base::ExitStatus::bad_input;
}

struct Counts {
  int64_t errors = 0, warnings = 0;
  explicit Counts(const std::vector<Finding>& findings)
      : errors(
            std::ranges::count(findings, Severity::error, &Finding::severity)),
        warnings(std::ssize(findings) - errors) {}
  std::string str() const {
    return fmt::format("{}, {}", eval::counted(errors, "error"),
                       eval::counted(warnings, "warning"));
  }
};

void print_table(const std::string& path, const CheckedFile& checked) {
  const Counts counts(checked.findings);
  std::cout << base::escape_control_characters(path) << ": "
            << (checked.kind.empty() ? "" : checked.kind_name + ", ")
            << (checked.findings.empty() ? "nothing found" : counts.str())
            << '\n';
  if (checked.findings.empty()) {
    return;
  }
  base::TextTable table({"severity", "check", "key", "count", "message"});
  for (const Finding& finding : checked.findings) {
    table.add_row({eval::severity_name(finding.severity), finding.check,
                   finding.key, std::to_string(finding.count),
                   finding.message});
  }
  std::cout << table.to_string();
}

ordered_json to_json(const std::string& path, const CheckedFile& checked) {
  ordered_json json = {{"file", path}, {"kind", nullptr}};
  if (!checked.kind.empty()) {
    json["kind"] = checked.kind;
  }
  json["findings"] = ordered_json::array();
  for (const Finding& finding : checked.findings) {
    json["findings"].push_back(eval::finding_to_json(finding));
  }
  return json;
}

}  // namespace

CheckedFile check_file(const std::string& path, const CheckOptions& options,
                       const cli::CommandContext& context) {
  CheckedFile checked;
  try {
    const fs::path resolved = data::resolve_checkpoint_reference(path);
    const FileKind kind = detect_file_kind(resolved);
    checked.kind = kind_identifier(kind);
    checked.kind_name = name_of(kind);
    checked.findings = check_by_kind(resolved, kind, options, context);
    checked.status = status_of(checked.findings);
  } catch (const base::Error& error) {
    if (error.status() == base::ExitStatus::usage) {
      throw;
    }
    checked.findings = {{Severity::error, "unreadable", "", error.what(), 1}};
    checked.status = error.status();
  }
  eval::sort_findings(checked.findings);
  return checked;
}

base::ExitStatus check_files(const CheckOptions& options, Severity fail_on,
                             bool as_json, const cli::CommandContext& context) {
  ordered_json files = ordered_json::array();
  std::optional<base::Error> first_refusal;
  std::vector<Finding> all;
  bool is_first = true;
  for (const std::string& path : context.common.inputs) {
    const CheckedFile checked = check_file(path, options, context);
    if (checked.status != base::ExitStatus::success && !first_refusal) {
      const auto refusal =
          std::ranges::find(checked.findings, "unreadable", &Finding::check);
      first_refusal = base::Error(
          checked.status, refusal->message.find(path) == std::string::npos
                              ? fmt::format("{}: {}", path, refusal->message)
                              : refusal->message);
    }
    if (as_json) {
      files.push_back(to_json(path, checked));
    } else {
      std::cout << (is_first ? "" : "\n");
      print_table(path, checked);
    }
    is_first = false;
    std::ranges::copy(checked.findings, std::back_inserter(all));
  }
  if (as_json) {
    std::cout << to_json_line({{"files", files}}) << '\n';
  }
  spdlog::info("{} checked: {}",
               eval::counted(std::ssize(context.common.inputs), "file"),
               Counts(all).str());
  if (first_refusal) {
    throw *first_refusal;
  }
  const bool has_failed = std::ranges::any_of(
      all, [fail_on](const Finding& f) { return f.severity >= fail_on; });
  return has_failed ? base::ExitStatus::run_failed : base::ExitStatus::success;
}

}  // namespace gato::commands

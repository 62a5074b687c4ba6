#include "gato/commands/eval/report_output.h"

#include <filesystem>

#include "gato/base/error.h"

namespace gato::commands {

ReportFormat detect_report_format(const std::string& output) {
  if (output.empty()) {
    return ReportFormat::none;
  }
  const std::string extension = std::filesystem::path(output).extension();
  if (extension == ".json") {
    return ReportFormat::json;
  }
  if (extension == ".csv") {
    return ReportFormat::csv;
  }
  if (extension == ".html") {
    return ReportFormat::html;
  }
  throw base::usage_error(
      "{}: the name of a report must end in .json, .csv or .html", output);
}

void set_report_output(cli::Command& command) {
  command.seed_help =
      "Random seed of the bootstrap; the same seed, inputs and options give "
      "the same bytes";
  command.threads_help = cli::kUnusedOption;
  command.output = cli::OutputRequirement::optional;
  command.output_help = "Report to write: .json, .csv or .html";
}

void add_resamples_option(cli::OptionTable& table, int64_t& resamples) {
  table
      .add("resamples", &resamples,
           "Number of bootstrap resamples for the intervals")
      .metavar("N")
      .range(1, 10000000);
}

std::string render_report_json(nlohmann::json document,
                               const data::Provenance& provenance) {
  if (provenance.enabled) {
    document["provenance"] = provenance.to_json();
  }
  // Paths are arbitrary bytes, but JSON must be valid UTF-8.
  return document.dump(2, ' ', false,
                       nlohmann::json::error_handler_t::replace) +
         "\n";
}

}  // namespace gato::commands

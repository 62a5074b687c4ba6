#include "gato/commands/eval/eval_score_check.h"

#include <algorithm>

#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/eval/reference_check_report.h"

namespace gato::commands {

base::ExitStatus run_reference_check(const EvalScoreOptions& options,
                                     cli::CommandContext& context,
                                     ReportFormat format) {
  if (format == ReportFormat::html) {
    throw base::usage_error(
        "{}: --check writes no HTML: use a name that ends in .json or .csv",
        context.common.output);
  }
  const eval::Metric metric = parse_metric(options.metric);
  const ScoreInputs inputs = read_inputs(options, context);
  const std::vector<eval::ReferenceFinding> findings = eval::check_references(
      inputs.references.table(), inputs.outcomes, metric);
  if (format != ReportFormat::none) {
    base::write_file(
        context.common.output,
        format == ReportFormat::csv
            ? eval::check_to_csv(findings)
            : render_report_json(
                  eval::check_to_json(findings, inputs.references.sets, metric),
                  inputs.provenance(context.record)),
        context.common.force);
  }
  fmt::print("{}", eval::check_to_text(findings, inputs.references.sets));
  const auto errors = std::ranges::count(findings, eval::FindingSeverity::error,
                                         &eval::ReferenceFinding::severity);
  cli::log_counts(
      {{"errors", errors}, {"warnings", std::ssize(findings) - errors}});
  const bool fails =
      errors > 0 || (options.fail_on == "warning" && !findings.empty());
  return fails ? base::ExitStatus::run_failed : base::ExitStatus::success;
}

}  // namespace gato::commands

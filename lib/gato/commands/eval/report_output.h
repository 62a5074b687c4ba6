// The reports of gato-eval: their format is that of the file's name.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gato/cli/tool.h"
#include "gato/data/provenance.h"

namespace gato::commands {

enum class ReportFormat { none, json, csv, html };

// Returns the format of the file name extension, and `none` for an empty name.
// Throws Error(usage) for any other extension.
ReportFormat detect_report_format(const std::string& output);

// Sets what --output, --seed and --threads mean to a command that writes
// reports.
void set_report_output(cli::Command& command);

// Adds --resamples.
void add_resamples_option(cli::OptionTable& table, int64_t& resamples);

// Returns the text of a JSON report, with its provenance if that is enabled.
std::string render_report_json(nlohmann::json document,
                               const data::Provenance& provenance);

}  // namespace gato::commands

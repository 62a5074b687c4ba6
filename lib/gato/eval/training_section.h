// The learning curve of a training run, as a section of a report.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "gato/eval/html_page.h"

namespace gato::eval {

// Averages groups of consecutive points so that at most `max_points` remain.
std::vector<std::pair<double, double>> downsample(
    const std::vector<std::pair<double, double>>& points, size_t max_points);

// Draws the loss over the steps from a run's metrics.jsonl: lines of JSON, of
// which those with numbers "step" and "loss" are plotted, averaged to a few
// hundred points. Throws Error(io) if the file cannot be read, and
// Error(bad_input) if it is malformed or has no such line.
HtmlSection training_section(const std::filesystem::path& metrics_file);

}  // namespace gato::eval

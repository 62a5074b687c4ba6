// The sections of a page about a training run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gato/eval/check/finding.h"
#include "gato/eval/html_page.h"

namespace gato::eval {

// Returns the state of a run, `findings`, and charts of the losses (also by
// domain, modality and task), of the learning rate, the norm of the gradient
// and the speed. The run may still be training, and may not have
// logged a step yet. Throws Error(bad_input) if metrics.jsonl has lines, but
// none with a step and a loss.
std::vector<HtmlSection> run_sections(const std::filesystem::path& directory,
                                      const std::vector<Finding>& findings);

}  // namespace gato::eval

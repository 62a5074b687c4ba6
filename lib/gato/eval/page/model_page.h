// The sections of a page about a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "gato/eval/check/finding.h"
#include "gato/eval/html_page.h"

namespace gato::eval {

// The time step whose attention is shown, and the head that is shown large.
struct AttentionChoice {
  std::filesystem::path data;  // a token file
  int64_t document = 0;
  std::optional<int64_t> step;  // the one in the middle if it is not given
  std::optional<int64_t> head;  // the one that differs most from uniform
};

// Returns the configuration, `findings`, the parameters by part, the embeddings
// of the bins, and the attention that `choice` selects, if it has data. Throws
// Error(bad_input) if the model or the data are corrupt or do not fit each
// other, and Error(usage) if `choice` is out of range.
std::vector<HtmlSection> model_sections(const std::filesystem::path& directory,
                                        const std::vector<Finding>& findings,
                                        const AttentionChoice& choice);

}  // namespace gato::eval

// The sections of pages about token files and sequence files.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/html_page.h"

namespace gato::eval {

// Returns counts, `findings`, the tasks, and the beginning of the first
// document of each of the first tasks. The sections have about `max_bytes`.
std::vector<HtmlSection> token_sections(const data::TokenFileReader& reader,
                                        const std::vector<Finding>& findings,
                                        int64_t max_bytes);

// Returns counts, `findings`, some sequences as bands of their segments, how
// full the sequences are, the tasks, and the tokens of a sequence. The sections
// have about `max_bytes`.
std::vector<HtmlSection> sequence_sections(
    const data::SequenceFileReader& reader,
    const std::vector<Finding>& findings, int64_t max_bytes);

}  // namespace gato::eval

// Checks token files and sequence files as training data.
#pragma once

#include <vector>

#include "gato/base/progress.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/eval/check/finding.h"

namespace gato::eval {

// Read every document or sequence once and return what is wrong. Findings about
// a key have the key TASK:KEY. The findings are:
//
//   error    no_documents    there is nothing to learn from
//   warning  clipped         values in the outermost bins
//            frozen, constant, one_color, unknown_pieces, text_vocabulary,
//            repeated, length_one, reward, prompt, long_step
//                            as for datasets (dataset_check.h)
//   and of sequence files
//   warning  no_targets      sequences from which nothing is learned
//            padding         most of the sequences is padding
//            prompt          tasks whose sequences have no prompts, although
//                            those of others have
//
// NaNs do not become tokens, so that there are none. Memory is bounded by one
// document, some 50 bytes per document and 4 bytes per distinct patch. Throws
// Error(bad_input) if the file is corrupt.
std::vector<Finding> check_tokens(const data::TokenFileReader& reader,
                                  base::ProgressDisplay* progress);
std::vector<Finding> check_sequences(const data::SequenceFileReader& reader,
                                     base::ProgressDisplay* progress);

}  // namespace gato::eval

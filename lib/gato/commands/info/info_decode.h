// gato-info --decode: the tokens of files as keys and values.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace gato::commands {

// The documents, or rows of a sequence file, that "A-B" or "N" selects. Both
// ends are included.
struct DocumentRange {
  int64_t first = 0, last = std::numeric_limits<int64_t>::max();
};

// Parses "A-B" or "N"; an empty text selects everything. Throws Error(usage) if
// it is neither.
DocumentRange parse_document_range(const std::string& text);

// Prints the decoded documents of a token file or the segments of a sequence
// file to stdout, for people or as JSON lines. Throws Error(usage) if the file
// is of a different kind or the range begins after its end.
void print_decoded(const std::string& path, const DocumentRange& range,
                   bool is_json);

}  // namespace gato::commands

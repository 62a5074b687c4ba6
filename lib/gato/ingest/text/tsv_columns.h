// Finds the columns of tab-separated values that contain captions, URLs and
// paths.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace gato::ingest {

// Column indices, from 0.
struct TsvColumns {
  size_t caption = 0;
  std::optional<size_t> url, file;
  bool has_header = false;

  size_t last_needed() const;
};

// Returns whether the cell is one line that contains "://".
bool is_url(const std::string& cell);

// Determines the columns from the cells of the first row. The options give them
// by number, from 1, or by name; empty options are detected. Throws
// Error(bad_input) if the columns cannot be determined.
TsvColumns find_tsv_columns(const std::vector<std::string>& first_row,
                            const std::string& caption_option,
                            const std::string& image_option);

}  // namespace gato::ingest

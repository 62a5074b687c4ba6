// Files of other formats that are given as text.
#pragma once

#include <string>
#include <string_view>

namespace gato::ingest {

// Throws Error(bad_input), with advice, if the first bytes of a file, at most
// 512 of which count, are those of a tar or zip archive, of Parquet or of text
// in UTF-16.
void reject_other_formats(const std::string& name, std::string_view first);

}  // namespace gato::ingest

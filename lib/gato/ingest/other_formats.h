// Detection of files that are given as text but have another format.
#pragma once

#include <string>
#include <string_view>

namespace gato::ingest {

// Throws Error(bad_input), with advice, if the first bytes of a file, of which
// at most 512 are examined, are those of a tar or zip archive, of Parquet or of
// text in UTF-16. `name` names the file in messages.
void reject_other_formats(const std::string& name, std::string_view first);

}  // namespace gato::ingest

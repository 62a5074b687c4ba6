// The location of the files of share/gato.
#pragma once

#include <filesystem>

namespace gato::base {

// Returns $GATO_SHARE if it is set, otherwise share/gato next to the bin/ of
// the running program. Installed programs therefore find their files in a moved
// directory, too; the build tree has a link there. Throws Error(io) that names
// both if there is none.
std::filesystem::path share_directory();

}  // namespace gato::base

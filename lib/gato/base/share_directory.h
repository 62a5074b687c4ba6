// The location of the files of share/gato.
#pragma once

#include <filesystem>

namespace gato::base {

// Returns $GATO_SHARE if it is set, otherwise share/gato next to the bin/ of
// the running program, otherwise share/gato of the source tree. Programs
// therefore find their files when they are installed, in a moved directory, and
// in the build tree. Throws Error(io) that names all three if there is none.
std::filesystem::path share_directory();

}  // namespace gato::base

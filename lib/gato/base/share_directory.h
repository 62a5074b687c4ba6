// The location of the files of share/gato.
#pragma once

#include <filesystem>

namespace gato::base {

// Returns $GATO_SHARE if it is set, otherwise share/gato next to the bin/ of
// the running program, so an installation can be moved; the build tree has a
// symbolic link there. Throws Error(io), naming the directory, if it does not
// exist.
std::filesystem::path share_directory();

}  // namespace gato::base

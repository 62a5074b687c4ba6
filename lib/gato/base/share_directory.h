// Where the files of share/gato are.
#pragma once

#include <filesystem>

namespace gato::base {

// $GATO_SHARE, else share/gato beside the running program's bin/, else the
// source tree's: programs run installed, from a moved folder, and from the
// build. Error (io) naming all three where none is there.
std::filesystem::path share_directory();

}  // namespace gato::base

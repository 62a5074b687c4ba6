// The version of this build, as static strings.
#pragma once

namespace gato::base {

const char* version();       // "0.1.0", from CMakeLists.txt
const char* release_date();  // "2026-11-21", the date on the man pages

}  // namespace gato::base

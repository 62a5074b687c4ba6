// Compression, for tests of readers of compressed files.
#pragma once

#include <array>
#include <string>

namespace gato::test {

inline constexpr std::array kCompressionFormats{"gzip", "zstd", "bzip2", "xz"};

// Returns one member, frame or stream of the format, with a checksum.
std::string compress(const std::string& format, const std::string& text);

}  // namespace gato::test

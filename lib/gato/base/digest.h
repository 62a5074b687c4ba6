// XXH64 digests (seed 0) as 16 lower-case hex digits: for telling files and
// vocabularies apart, not against forgery.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gato {

std::string digest_bytes(std::string_view bytes);

// Reads the file in pieces. Error (io) where it cannot be read.
std::string digest_file(const std::filesystem::path& path);

}  // namespace gato

// XXH64 digests (seed 0) as 16 lower-case hex digits: for telling files and
// vocabularies apart, not against forgery.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH64_state_s;

namespace gato::base {

// The digest of bytes that come in pieces.
class Digest {
 public:
  Digest();
  void update(std::span<const std::byte> bytes);
  std::string hex() const;

 private:
  struct FreeState {
    void operator()(XXH64_state_s* state) const;
  };
  std::unique_ptr<XXH64_state_s, FreeState> state_;
};

std::string digest_bytes(std::string_view bytes);

// Reads the file in pieces. Error (io) where it cannot be read.
std::string digest_file(const std::filesystem::path& path);

}  // namespace gato::base

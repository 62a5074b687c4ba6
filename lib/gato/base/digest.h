// XXH64 digests (seed 0) as 16 lowercase hex digits. They distinguish files and
// vocabularies but do not protect against forgery.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct XXH64_state_s;

namespace gato::base {

// The digest of bytes that arrive in chunks.
class Digest {
 public:
  Digest();
  void update(std::span<const std::byte> bytes);
  // Returns the digest of all bytes so far.
  std::string hex() const;

 private:
  struct FreeState {
    void operator()(XXH64_state_s* state) const;
  };
  std::unique_ptr<XXH64_state_s, FreeState> state_;
};

// Returns the digest of the bytes.
std::string digest_bytes(std::string_view bytes);

// Returns the digest of the file's content, which is read in chunks. Throws
// Error(io) if the file cannot be read.
std::string digest_file(const std::filesystem::path& path);

}  // namespace gato::base

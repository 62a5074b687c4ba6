#include "gato/base/digest.h"

#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "gato/base/error.h"

namespace gato::base {
namespace {

std::string to_hex(XXH64_hash_t hash) { return fmt::format("{:016x}", hash); }

Error read_error(const std::filesystem::path& path) {
  return io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

void Digest::FreeState::operator()(XXH64_state_s* state) const {
  XXH64_freeState(state);
}

Digest::Digest() : state_(XXH64_createState()) { XXH64_reset(state_.get(), 0); }

void Digest::update(std::span<const std::byte> bytes) {
  XXH64_update(state_.get(), bytes.data(), bytes.size());
}

std::string Digest::hex() const { return to_hex(XXH64_digest(state_.get())); }

std::string digest_bytes(std::string_view bytes) {
  return to_hex(XXH64(bytes.data(), bytes.size(), 0));
}

std::string digest_file(const std::filesystem::path& path) {
  std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    throw read_error(path);
  }
  Digest digest;
  std::vector<std::byte> chunk(1 << 20);
  while (size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    digest.update({chunk.data(), n});
  }
  if (std::ferror(file.get())) {
    throw read_error(path);
  }
  return digest.hex();
}

}  // namespace gato::base

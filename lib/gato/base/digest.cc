#include "gato/base/digest.h"

#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "gato/base/error.h"

namespace gato {
namespace {

std::string to_hex(XXH64_hash_t hash) { return fmt::format("{:016x}", hash); }

Error read_error(const std::filesystem::path& path) {
  return io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
}

struct FreeState {
  void operator()(XXH64_state_t* state) const { XXH64_freeState(state); }
};
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::string digest_bytes(std::string_view bytes) {
  return to_hex(XXH64(bytes.data(), bytes.size(), 0));
}

std::string digest_file(const std::filesystem::path& path) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) throw read_error(path);
  std::unique_ptr<XXH64_state_t, FreeState> state(XXH64_createState());
  XXH64_reset(state.get(), 0);
  std::vector<char> piece(1 << 20);
  while (size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) {
    XXH64_update(state.get(), piece.data(), n);
  }
  if (std::ferror(file.get())) throw read_error(path);
  return to_hex(XXH64_digest(state.get()));
}

}  // namespace gato

#include "gato/ingest/gzip.h"

#include <zlib.h>

#include <array>
#include <new>
#include <utility>

#include "gato/base/error.h"

namespace gato {

bool starts_as_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} &&
         bytes[1] == std::byte{0x8B};
}

struct GzipReader::State {
  explicit State(Source source) : source(std::move(source)) {
    constexpr int gzip_only = 15 + 16;  // the largest window, and this wrapper
    if (inflateInit2(&stream, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // False at the end of the compressed bytes.
  bool has_input() {
    if (stream.avail_in > 0) return true;
    const auto more = source();
    stream.next_in = reinterpret_cast<Bytef*>(
        const_cast<std::byte*>(more.data()));  // zlib only reads them
    stream.avail_in = static_cast<uInt>(more.size());
    return !more.empty();
  }

  // Passes over zeros between members; true where another member begins.
  bool begin_member() {
    while (has_input()) {
      if (*stream.next_in != 0) {
        inflateReset(&stream);
        is_in_member = true;
        return true;
      }
      ++stream.next_in;
      --stream.avail_in;
    }
    return false;
  }

  Source source;
  z_stream stream{};
  bool is_in_member = true, has_ended_one = false;
  std::array<std::byte, size_t{256} << 10> bytes;
};

GzipReader::GzipReader(Source source)
    : state_(std::make_unique<State>(std::move(source))) {}

GzipReader::~GzipReader() = default;

std::span<const std::byte> GzipReader::read() {
  State& state = *state_;
  z_stream& stream = state.stream;
  stream.next_out = reinterpret_cast<Bytef*>(state.bytes.data());
  stream.avail_out = static_cast<uInt>(state.bytes.size());
  while (stream.avail_out > 0) {
    if (!state.is_in_member && !state.begin_member()) break;
    if (!state.has_input()) {
      throw input_error("gzip: cut short: a member has no end");
    }
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      state.is_in_member = false;
      state.has_ended_one = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      throw input_error("gzip: {}{}",
                        stream.msg == nullptr ? "damaged" : stream.msg,
                        state.has_ended_one ? ", after a whole member" : "");
    }
  }
  return {state.bytes.data(), state.bytes.size() - stream.avail_out};
}

}  // namespace gato

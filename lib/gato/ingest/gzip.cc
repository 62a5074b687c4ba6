#include "gato/ingest/gzip.h"

#include <zlib.h>

#include <array>
#include <new>
#include <utility>

#include "gato/base/error.h"

namespace gato::ingest {

bool has_gzip_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} &&
         bytes[1] == std::byte{0x8B};
}

struct GzipReader::State {
  explicit State(InputCallback source) : read_input(std::move(source)) {
    constexpr int kGzipOnly = 15 + 16;  // largest window, gzip wrapper
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Returns false at the end of the compressed bytes.
  bool refill_input() {
    if (stream.avail_in > 0) return true;
    const auto more = read_input();
    stream.next_in = reinterpret_cast<Bytef*>(
        const_cast<std::byte*>(more.data()));  // zlib only reads them
    stream.avail_in = static_cast<uInt>(more.size());
    return !more.empty();
  }

  // Skips zero bytes between members. Returns whether another member begins.
  bool find_next_member() {
    while (refill_input()) {
      if (*stream.next_in != 0) {
        inflateReset(&stream);
        is_inside_member = true;
        return true;
      }
      ++stream.next_in;
      --stream.avail_in;
    }
    return false;
  }

  InputCallback read_input;
  z_stream stream{};
  bool is_inside_member = true, has_completed_member = false;
  std::array<std::byte, size_t{256} << 10> output;
};

GzipReader::GzipReader(InputCallback source)
    : state_(std::make_unique<State>(std::move(source))) {}

GzipReader::~GzipReader() = default;

std::span<const std::byte> GzipReader::read() {
  State& state = *state_;
  z_stream& stream = state.stream;
  stream.next_out = reinterpret_cast<Bytef*>(state.output.data());
  stream.avail_out = static_cast<uInt>(state.output.size());
  while (stream.avail_out > 0) {
    if (!state.is_inside_member && !state.find_next_member()) break;
    if (!state.refill_input()) {
      // What comes before the end of a truncated file is read first.
      if (stream.avail_out < state.output.size()) break;
      throw base::input_error("gzip: truncated: a member has no end");
    }
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      state.is_inside_member = false;
      state.has_completed_member = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      throw base::input_error(
          "gzip: {}{}", stream.msg == nullptr ? "corrupt" : stream.msg,
          state.has_completed_member ? ", after a complete member" : "");
    }
  }
  return {state.output.data(), state.output.size() - stream.avail_out};
}

}  // namespace gato::ingest

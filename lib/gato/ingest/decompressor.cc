// A codec decodes one member at a time. The loop in read() is the same for all
// formats: it finds the next member, decodes, and asks for more input only when
// a codec cannot continue without it, so that everything that a truncated file
// contains is delivered.
#include "gato/ingest/decompressor.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

using Input = std::span<const std::byte>;
using Output = std::span<std::byte>;

class Codec {
 public:
  virtual ~Codec() = default;
  virtual const char* name() const = 0;
  // Prepares for the next member.
  virtual void reset() = 0;
  // Consumes bytes of `input` and fills the front of `output`, and removes both
  // from the spans. Returns true at the end of the member. Throws
  // Error(bad_input) if the member is corrupt.
  virtual bool decode(Input& input, Output& output) = 0;

 protected:
  base::Error corrupt(const char* reason) const {
    return base::input_error("{}: {}", name(),
                             reason == nullptr ? "corrupt" : reason);
  }
};

// Points the input and output of a stream of zlib, bzip2 or lzma at the spans.
template <class Stream>
void set_buffers(Stream& stream, Input input, Output output) {
  // The libraries only read the input.
  stream.next_in = reinterpret_cast<decltype(stream.next_in)>(
      const_cast<std::byte*>(input.data()));
  stream.avail_in = static_cast<decltype(stream.avail_in)>(input.size());
  stream.next_out = reinterpret_cast<decltype(stream.next_out)>(output.data());
  stream.avail_out = static_cast<decltype(stream.avail_out)>(output.size());
}

// Removes what the stream has consumed and produced from the spans.
template <class Stream>
void advance(const Stream& stream, Input& input, Output& output) {
  input = input.last(stream.avail_in);
  output = output.last(stream.avail_out);
}

class GzipCodec : public Codec {
 public:
  GzipCodec() {
    constexpr int kGzipOnly = 15 + 16;  // largest window, gzip wrapper
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~GzipCodec() override { inflateEnd(&stream_); }

  const char* name() const override { return "gzip"; }
  void reset() override { inflateReset(&stream_); }
  bool decode(Input& input, Output& output) override {
    set_buffers(stream_, input, output);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) {
      throw corrupt(stream_.msg);
    }
    advance(stream_, input, output);
    return result == Z_STREAM_END;
  }

 private:
  z_stream stream_{};
};

class Bzip2Codec : public Codec {
 public:
  Bzip2Codec() { begin(); }
  ~Bzip2Codec() override { BZ2_bzDecompressEnd(&stream_); }

  const char* name() const override { return "bzip2"; }
  void reset() override {
    BZ2_bzDecompressEnd(&stream_);
    begin();
  }
  bool decode(Input& input, Output& output) override {
    set_buffers(stream_, input, output);
    const int result = BZ2_bzDecompress(&stream_);
    if (result == BZ_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (result == BZ_DATA_ERROR_MAGIC) {
      throw corrupt("not a bzip2 stream");
    }
    if (result != BZ_OK && result != BZ_STREAM_END) {
      throw corrupt("the data is corrupt");
    }
    advance(stream_, input, output);
    return result == BZ_STREAM_END;
  }

 private:
  void begin() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
      throw std::bad_alloc();
    }
  }
  bz_stream stream_{};
};

class XzCodec : public Codec {
 public:
  XzCodec() { begin(); }
  ~XzCodec() override { lzma_end(&stream_); }

  const char* name() const override { return "xz"; }
  void reset() override { begin(); }
  bool decode(Input& input, Output& output) override {
    set_buffers(stream_, input, output);
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    switch (result) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:
      case LZMA_STREAM_END:
        break;
      case LZMA_MEM_ERROR:
        throw std::bad_alloc();
      case LZMA_MEMLIMIT_ERROR:
        throw corrupt("decompressing it needs more than 1 GiB of memory");
      case LZMA_FORMAT_ERROR:
        throw corrupt("not an xz stream");
      case LZMA_OPTIONS_ERROR:
        throw corrupt("its compression options are not supported");
      default:
        throw corrupt("the data is corrupt");
    }
    advance(stream_, input, output);
    return result == LZMA_STREAM_END;
  }

 private:
  void begin() {
    // xz -9 needs 64 MiB.
    constexpr uint64_t kMaxMemory = uint64_t{1} << 30;
    if (lzma_stream_decoder(&stream_, kMaxMemory, 0) != LZMA_OK) {
      throw std::bad_alloc();
    }
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdCodec : public Codec {
 public:
  ZstdCodec() : context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (context_ == nullptr) {
      throw std::bad_alloc();
    }
    // Large text corpora are compressed with zstd --long=31, whose frames need
    // 2 GiB. Other frames need no more than their headers declare.
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                           sizeof(size_t) == 8 ? 31 : 30);
  }

  const char* name() const override { return "zstd"; }
  void reset() override {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  }
  bool decode(Input& input, Output& output) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result)) {
      throw corrupt(ZSTD_getErrorName(result));
    }
    input = input.subspan(in.pos);
    output = output.subspan(out.pos);
    return result == 0;
  }

 private:
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context_;
};

// Returns whether the bytes begin with the magic number. Fewer bytes are enough
// if there are no more of them, but at least `min_bytes`.
bool begins_with(Input bytes, std::string_view magic, size_t min_bytes) {
  const size_t count = std::min(bytes.size(), magic.size());
  return count >= min_bytes &&
         std::memcmp(bytes.data(), magic.data(), count) == 0;
}

bool is_gzip(Input first) { return begins_with(first, "\x1F\x8B", 2); }

// A frame, or a skippable frame, with which pzstd begins.
bool is_zstd(Input first) {
  if (begins_with(first, "\x28\xB5\x2F\xFD", 4)) {
    return true;
  }
  return first.size() >= 4 && (first[0] & std::byte{0xF0}) == std::byte{0x50} &&
         begins_with(first.subspan(1), "\x2A\x4D\x18", 3);
}

// The level, from 1 to 9, is followed by the beginning of a block or, if there
// are none, by the end of the stream.
bool is_bzip2(Input first) {
  constexpr size_t kLevel = 3;
  if (!begins_with(first, "BZh", 3) || first.size() <= kLevel) {
    return false;
  }
  const char level = static_cast<char>(first[kLevel]);
  const Input rest = first.subspan(kLevel + 1);
  return level >= '1' && level <= '9' &&
         (begins_with(rest, "\x31\x41\x59\x26\x53\x59", 0) ||
          begins_with(rest, "\x17\x72\x45\x38\x50\x90", 0));
}

bool is_xz(Input first) {
  return begins_with(first, std::string_view("\xFD\x37\x7A\x58\x5A\0", 6), 5);
}

std::unique_ptr<Codec> make_codec(Input first) {
  if (is_gzip(first)) {
    return std::make_unique<GzipCodec>();
  }
  if (is_zstd(first)) {
    return std::make_unique<ZstdCodec>();
  }
  if (is_bzip2(first)) {
    return std::make_unique<Bzip2Codec>();
  }
  if (is_xz(first)) {
    return std::make_unique<XzCodec>();
  }
  return nullptr;
}

}  // namespace

struct Decompressor::State {
  // Returns false at the end of the compressed bytes.
  bool refill_input() {
    if (input.empty()) {
      input = read_input();
    }
    return !input.empty();
  }

  // Skips zero bytes between members. Returns whether another member begins.
  bool find_next_member() {
    while (refill_input()) {
      if (input.front() != std::byte{0}) {
        codec->reset();
        is_inside_member = true;
        return true;
      }
      input = input.subspan(1);
    }
    return false;
  }

  InputCallback read_input;
  std::unique_ptr<Codec> codec;
  Input input;
  bool is_inside_member = true, has_completed_member = false;
  std::array<std::byte, size_t{256} << 10> output;
};

std::unique_ptr<Decompressor> Decompressor::make(Input first,
                                                 InputCallback source) {
  std::unique_ptr<Codec> codec = make_codec(first);
  if (codec == nullptr) {
    return nullptr;
  }
  auto state = std::make_unique<State>();
  state->read_input = std::move(source);
  state->codec = std::move(codec);
  return std::unique_ptr<Decompressor>(new Decompressor(std::move(state)));
}

Decompressor::Decompressor(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

Decompressor::~Decompressor() = default;

std::span<const std::byte> Decompressor::read() {
  State& state = *state_;
  Output output = state.output;
  while (!output.empty()) {
    if (!state.is_inside_member && !state.find_next_member()) {
      break;
    }
    const size_t input_size = state.input.size(), output_size = output.size();
    bool is_at_end = false;
    try {
      is_at_end = state.codec->decode(state.input, output);
    } catch (const base::Error& error) {
      throw base::input_error(
          "{}{}", error.what(),
          state.has_completed_member ? ", after a complete member" : "");
    }
    if (is_at_end) {
      state.is_inside_member = false;
      state.has_completed_member = true;
      continue;
    }
    const bool has_progress =
        state.input.size() < input_size || output.size() < output_size;
    if (has_progress) {
      continue;
    }
    if (state.input.empty() && state.refill_input()) {
      continue;
    }
    // The data before a truncation is returned first.
    if (output.size() < state.output.size()) {
      break;
    }
    throw base::input_error(
        "{}: truncated: it ends within a member; download or copy it again",
        state.codec->name());
  }
  return Output(state.output).first(state.output.size() - output.size());
}

}  // namespace gato::ingest

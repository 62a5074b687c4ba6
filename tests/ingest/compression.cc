#include "ingest/compression.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <memory>

namespace gato::test {
namespace {

std::string compress_gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8,
                       Z_DEFAULT_STRATEGY) == Z_OK);
  std::string result(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string compress_zstd(const std::string& text) {
  const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(
      ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string result(ZSTD_compressBound(text.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), result.data(),
                                     result.size(), text.data(), text.size());
  REQUIRE(ZSTD_isError(size) == 0);
  result.resize(size);
  return result;
}

std::string compress_bzip2(const std::string& text) {
  auto size = static_cast<unsigned>(text.size() + text.size() / 50 + 700);
  std::string result(size, '\0');
  REQUIRE(BZ2_bzBuffToBuffCompress(
              result.data(), &size, const_cast<char*>(text.data()),
              static_cast<unsigned>(text.size()), 1, 0, 0) == BZ_OK);
  result.resize(size);
  return result;
}

std::string compress_xz(const std::string& text) {
  std::string result(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  REQUIRE(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr,
                                  reinterpret_cast<const uint8_t*>(text.data()),
                                  text.size(),
                                  reinterpret_cast<uint8_t*>(result.data()),
                                  &size, result.size()) == LZMA_OK);
  result.resize(size);
  return result;
}

}  // namespace

std::string compress(const std::string& format, const std::string& text) {
  if (format == "gzip") {
    return compress_gzip(text);
  }
  if (format == "zstd") {
    return compress_zstd(text);
  }
  if (format == "bzip2") {
    return compress_bzip2(text);
  }
  REQUIRE(format == "xz");
  return compress_xz(text);
}

}  // namespace gato::test

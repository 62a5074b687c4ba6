// Does not use libpng's simplified interface, which is as fast, but converts
// 16-bit values with gamma and composites alpha.
//
// libpng reports fatal errors through a callback that must not return: it jumps
// back into decode_into(), which returns false, and decode_png() throws.
#include "gato/ingest/images/png_decoder.h"

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "gato/base/error.h"
#include "gato/ingest/images/image_format.h"

namespace gato::ingest {
namespace {

// The error that libpng reported.
struct ErrorState {
  std::jmp_buf jump_target;
  std::array<char, 128> message{};
  bool is_truncated = false;  // libpng requested bytes beyond the end
};

[[noreturn]] void handle_error(png_structp decoder, png_const_charp message) {
  auto* state = static_cast<ErrorState*>(png_get_error_ptr(decoder));
  std::snprintf(state->message.data(), state->message.size(), "%s", message);
  std::longjmp(state->jump_target, 1);
}

// Warnings concern color profiles and the like, which are not used.
void discard_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp decoder, png_bytep output, size_t count) {
  auto* rest = static_cast<std::span<const uint8_t>*>(png_get_io_ptr(decoder));
  if (count > rest->size()) {
    static_cast<ErrorState*>(png_get_error_ptr(decoder))->is_truncated = true;
    png_error(decoder, "truncated");
  }
  std::memcpy(output, rest->data(), count);
  *rest = rest->subspan(count);
}

struct PngDecoder {
  PngDecoder()
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &error_state,
                                   handle_error, discard_warning)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {
    if (info == nullptr) {
      throw std::bad_alloc();
    }
  }
  ~PngDecoder() { png_destroy_read_struct(&png, &info, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  ErrorState error_state;
  png_structp png;
  png_infop info;
};

// libpng jumps out of this function: no object with a destructor may be created
// in it. Consumes the bytes that it reads from `rest`.
bool decode_into(PngDecoder& decoder, std::span<const uint8_t>& rest,
                 data::Image& image, int& orientation) {
  const png_structp png = decoder.png;
  const png_infop info = decoder.info;
  if (setjmp(decoder.error_state.jump_target) != 0) {
    return false;
  }
  png_set_read_fn(png, &rest, read_bytes);
  png_read_info(png, info);
  const png_uint_32 height = png_get_image_height(png, info);
  const png_uint_32 width = png_get_image_width(png, info);
  check_image_size(height, width);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const size_t row_bytes = size_t{width} * 3;
  if (png_get_rowbytes(png, info) != row_bytes) {
    png_error(png, "the row size contradicts the header");
  }
  image.height = static_cast<int>(height);
  image.width = static_cast<int>(width);
  image.pixels.resize(height * row_bytes);
  for (int pass = 0; pass < passes; ++pass) {
    for (png_uint_32 row = 0; row < height; ++row) {
      png_read_row(png, &image.pixels[row * row_bytes], nullptr);
    }
  }
  png_read_end(png, info);
  png_uint_32 size = 0;
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(png, info, &size, &exif) != 0) {
    orientation = exif_orientation({exif, size});
  }
  return true;
}

}  // namespace

data::Image decode_png(std::span<const uint8_t> bytes,
                       Orientation orientation) {
  PngDecoder decoder;
  data::Image image;
  int stored_orientation = 1;
  if (!decode_into(decoder, bytes, image, stored_orientation)) {
    if (decoder.error_state.is_truncated) {
      throw base::input_error("the image is truncated");
    }
    throw base::input_error("the PNG is corrupt: {}",
                            decoder.error_state.message.data());
  }
  if (orientation == Orientation::as_stored) {
    return image;
  }
  return apply_orientation(std::move(image), stored_orientation);
}

}  // namespace gato::ingest

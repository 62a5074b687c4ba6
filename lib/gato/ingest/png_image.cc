#include "gato/ingest/png_image.h"

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "gato/base/error.h"
#include "gato/ingest/exif.h"
#include "gato/ingest/image_format.h"

namespace gato {
namespace {

// How libpng says that it cannot go on.
struct Failure {
  std::jmp_buf place;
  std::array<char, 128> message{};
  bool is_cut = false;  // the bytes came to an end
};

[[noreturn]] void give_up(png_structp decoder, png_const_charp message) {
  auto* failure = static_cast<Failure*>(png_get_error_ptr(decoder));
  std::snprintf(failure->message.data(), failure->message.size(), "%s",
                message);
  std::longjmp(failure->place, 1);
}

// Of colour profiles and the like, which are not used.
void ignore_warning(png_structp, png_const_charp) {}

void give_bytes(png_structp decoder, png_bytep into, size_t count) {
  auto* rest = static_cast<std::span<const uint8_t>*>(png_get_io_ptr(decoder));
  if (count > rest->size()) {
    static_cast<Failure*>(png_get_error_ptr(decoder))->is_cut = true;
    png_error(decoder, "cut short");
  }
  std::memcpy(into, rest->data(), count);
  *rest = rest->subspan(count);
}

struct Decoder {
  Decoder()
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure, give_up,
                                   ignore_warning)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {
    if (info == nullptr) throw std::bad_alloc();
  }
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  Failure failure;
  png_structp png;
  png_infop info;
};

// libpng jumps out of this: nothing with a destructor may be made within.
bool decode(Decoder& decoder, std::span<const uint8_t>& rest, Image& image,
            int& orientation) {
  const png_structp png = decoder.png;
  const png_infop info = decoder.info;
  if (setjmp(decoder.failure.place) != 0) return false;
  png_set_read_fn(png, &rest, give_bytes);
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
    png_error(png, "its rows are of another size than its header says");
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

Image decode_png(std::span<const uint8_t> bytes) {
  Decoder decoder;
  Image image;
  int orientation = 1;
  if (!decode(decoder, bytes, image, orientation)) {
    if (decoder.failure.is_cut) throw input_error("the image is cut short");
    throw input_error("the PNG is damaged: {}", decoder.failure.message.data());
  }
  return upright(std::move(image), orientation);
}

}  // namespace gato

#include "gato/ingest/plain_jpeg.h"

#include <csetjmp>
#include <cstddef>
#include <cstdio>

// After <cstdio>, which it needs.
#include <jpeglib.h>

namespace gato {
namespace {

// How libjpeg says that it cannot go on.
struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf place;
};

[[noreturn]] void give_up(j_common_ptr decoder) {
  std::longjmp(reinterpret_cast<Failure*>(decoder->err)->place, 1);
}

// libjpeg would go on with an end mark of its own.
boolean run_out(j_decompress_ptr decoder) {
  give_up(reinterpret_cast<j_common_ptr>(decoder));
}

// Warnings would go to stderr without the name of the file.
void ignore_message(j_common_ptr) {}

struct Decoder {
  Decoder() {
    decoder.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = give_up;
    failure.manager.output_message = ignore_message;
    jpeg_create_decompress(&decoder);
  }
  ~Decoder() { jpeg_destroy_decompress(&decoder); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  jpeg_decompress_struct decoder{};
  Failure failure{};
};

bool is_plain(const jpeg_decompress_struct& decoder) {
  const auto space = decoder.jpeg_color_space;
  return (space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB) &&
         decoder.marker_list == nullptr &&
         int64_t{decoder.image_width} * decoder.image_height <=
             most_image_pixels;
}

// libjpeg jumps out of these: nothing with a destructor may be made within.
bool read_header(jpeg_decompress_struct& decoder, Failure& failure,
                 std::span<const uint8_t> bytes) {
  if (setjmp(failure.place) != 0) return false;
  jpeg_mem_src(&decoder, bytes.data(), bytes.size());
  decoder.src->fill_input_buffer = run_out;
  return jpeg_read_header(&decoder, TRUE) == JPEG_HEADER_OK;
}

bool decode(jpeg_decompress_struct& decoder, Failure& failure,
            std::span<const uint8_t> bytes, Image& image) {
  if (setjmp(failure.place) != 0) return false;
  jpeg_mem_src(&decoder, bytes.data(), bytes.size());
  decoder.src->fill_input_buffer = run_out;
  jpeg_save_markers(&decoder, JPEG_APP0 + 1, 1);
  jpeg_read_header(&decoder, TRUE);
  if (!is_plain(decoder)) return false;
  decoder.out_color_space = JCS_RGB;
  jpeg_start_decompress(&decoder);
  image.height = static_cast<int>(decoder.output_height);
  image.width = static_cast<int>(decoder.output_width);
  const size_t row_bytes = size_t{decoder.output_width} * 3;
  image.pixels.resize(decoder.output_height * row_bytes);
  while (decoder.output_scanline < decoder.output_height) {
    uint8_t* row = &image.pixels[decoder.output_scanline * row_bytes];
    jpeg_read_scanlines(&decoder, &row, 1);
  }
  jpeg_finish_decompress(&decoder);
  return true;
}

}  // namespace

std::optional<Image> decode_plain_jpeg(std::span<const uint8_t> bytes) {
  Decoder jpeg;
  Image image;
  if (!decode(jpeg.decoder, jpeg.failure, bytes, image)) return std::nullopt;
  return image;
}

std::optional<ImageSize> size_of_jpeg(std::span<const uint8_t> bytes) {
  Decoder jpeg;
  if (!read_header(jpeg.decoder, jpeg.failure, bytes)) return std::nullopt;
  return ImageSize{.height = jpeg.decoder.image_height,
                   .width = jpeg.decoder.image_width};
}

}  // namespace gato

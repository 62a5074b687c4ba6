#include "gato/ingest/jpeg_image.h"

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

// After <cstdio>, which it needs.
#include <jpeglib.h>

#include "gato/base/error.h"
#include "gato/ingest/exif.h"
#include "gato/ingest/image_format.h"

namespace gato {
namespace {

// How libjpeg says that it cannot go on.
struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf place;
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool is_cut = false;  // the bytes came to an end
};

[[noreturn]] void give_up(j_common_ptr decoder) {
  auto* failure = reinterpret_cast<Failure*>(decoder->err);
  decoder->err->format_message(decoder, failure->message.data());
  std::longjmp(failure->place, 1);
}

// libjpeg would go on with an end mark of its own, and fill what is missing.
[[noreturn]] boolean run_out(j_decompress_ptr decoder) {
  auto* failure = reinterpret_cast<Failure*>(decoder->err);
  failure->is_cut = true;
  std::longjmp(failure->place, 1);
}

// Warnings of what libjpeg mends would go to stderr without a file's name.
void ignore_message(j_common_ptr) {}

struct Handle {
  Handle() {
    decoder.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = give_up;
    failure.manager.output_message = ignore_message;
    if (!create()) throw std::bad_alloc();
  }
  ~Handle() { jpeg_destroy_decompress(&decoder); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  jpeg_decompress_struct decoder{};
  Failure failure{};

 private:
  bool create() {
    if (setjmp(failure.place) != 0) return false;
    jpeg_create_decompress(&decoder);
    return true;
  }
};

// One file's decoder, with its header read.
class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> bytes) {
    if (!read_header(bytes)) refuse();
  }

  int height() const { return static_cast<int>(decoder_.image_height); }
  int width() const { return static_cast<int>(decoder_.image_width); }
  bool is_cmyk() const { return decoder_.num_components == 4; }
  // Before read(), which forgets the marks.
  int orientation() const;
  // Once, into rows of as many bytes a pixel as the space has.
  void read(J_COLOR_SPACE space, std::span<uint8_t> pixels);

 private:
  [[noreturn]] void refuse() const {
    if (failure_.is_cut) throw input_error("the image is cut short");
    throw input_error("the JPEG is damaged: {}", failure_.message.data());
  }
  bool read_header(std::span<const uint8_t> bytes);
  bool read_rows(J_COLOR_SPACE space, std::span<uint8_t> pixels);

  Handle handle_;
  jpeg_decompress_struct& decoder_ = handle_.decoder;
  Failure& failure_ = handle_.failure;
};

// libjpeg jumps out of these two: nothing with a destructor may be made within.
bool Decoder::read_header(std::span<const uint8_t> bytes) {
  if (setjmp(failure_.place) != 0) return false;
  jpeg_mem_src(&decoder_, bytes.data(), bytes.size());
  decoder_.src->fill_input_buffer = run_out;
  constexpr unsigned most_marker_bytes = 0xFFFF;
  jpeg_save_markers(&decoder_, JPEG_APP0 + 1, most_marker_bytes);
  jpeg_read_header(&decoder_, TRUE);
  return true;
}

bool Decoder::read_rows(J_COLOR_SPACE space, std::span<uint8_t> pixels) {
  if (setjmp(failure_.place) != 0) return false;
  decoder_.out_color_space = space;
  jpeg_start_decompress(&decoder_);
  const size_t row_bytes = size_t{decoder_.output_width} *
                           static_cast<size_t>(decoder_.output_components);
  while (decoder_.output_scanline < decoder_.output_height) {
    uint8_t* row = &pixels[decoder_.output_scanline * row_bytes];
    jpeg_read_scanlines(&decoder_, &row, 1);
  }
  jpeg_finish_decompress(&decoder_);
  return true;
}

void Decoder::read(J_COLOR_SPACE space, std::span<uint8_t> pixels) {
  if (!read_rows(space, pixels)) refuse();
}

int Decoder::orientation() const {
  constexpr std::string_view name("Exif\0\0", 6);
  for (auto* marker = decoder_.marker_list; marker != nullptr;
       marker = marker->next) {
    // XMP has the same mark.
    if (marker->data_length >= name.size() &&
        std::memcmp(marker->data, name.data(), name.size()) == 0) {
      return exif_orientation({marker->data, marker->data_length});
    }
  }
  return 1;
}

// `key` is black's share; all are 255 where there is no ink.
uint8_t without_key(int ink, int key) {
  return static_cast<uint8_t>(key - ((255 - ink) * key >> 8));
}

void read_rgb(Decoder& decoder, std::span<uint8_t> pixels) {
  if (!decoder.is_cmyk()) return decoder.read(JCS_RGB, pixels);
  std::vector<uint8_t> inks(pixels.size() / 3 * 4);
  decoder.read(JCS_CMYK, inks);
  for (size_t i = 0; i < pixels.size(); ++i) {
    const size_t pixel = i / 3 * 4;
    pixels[i] = without_key(inks[pixel + i % 3], inks[pixel + 3]);
  }
}

}  // namespace

Image decode_jpeg(std::span<const uint8_t> bytes) {
  Decoder decoder(bytes);
  check_image_size(decoder.height(), decoder.width());
  Image image{decoder.height(), decoder.width(), {}};
  image.pixels.resize(size_t{3} * image.height * image.width);
  const int orientation = decoder.orientation();
  read_rgb(decoder, image.pixels);
  return upright(std::move(image), orientation);
}

void decode_jpeg_as_stored(std::span<const uint8_t> bytes, int height,
                           int width, int channels, uint8_t* pixels) {
  Decoder decoder(bytes);
  if (decoder.height() != height || decoder.width() != width) {
    throw input_error("the JPEG has {} x {} pixels, not {} x {}",
                      decoder.height(), decoder.width(), height, width);
  }
  const std::span<uint8_t> room(pixels, size_t{1} * height * width * channels);
  if (channels == 3) return read_rgb(decoder, room);
  decoder.read(JCS_GRAYSCALE, room);
}

}  // namespace gato

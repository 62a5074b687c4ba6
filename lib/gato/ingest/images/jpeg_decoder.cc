// Uses libjpeg rather than libturbojpeg's own interface, which is as fast, but
// reports only the first warning, so that truncation after a repairable defect
// goes unnoticed, and gives no access to the Exif marker.
//
// libjpeg reports fatal errors through a callback that must not return: it
// jumps back into JpegDecoder::read_header or read_rows, which return false,
// and the callers throw. No object with a destructor may be created in the two.
#include "gato/ingest/images/jpeg_decoder.h"

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
#include "gato/ingest/images/image_format.h"

namespace gato::ingest {
namespace {

// libjpeg's error handler and the error that it reported.
struct ErrorState {
  jpeg_error_mgr manager;
  std::jmp_buf jump_target;
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool is_truncated = false;  // libjpeg requested bytes beyond the end
};

[[noreturn]] void handle_error(j_common_ptr decoder) {
  auto* state = reinterpret_cast<ErrorState*>(decoder->err);
  decoder->err->format_message(decoder, state->message.data());
  std::longjmp(state->jump_target, 1);
}

// Replaces libjpeg's handler, which would insert an end marker and make up the
// missing pixels.
[[noreturn]] boolean handle_end_of_input(j_decompress_ptr decoder) {
  auto* state = reinterpret_cast<ErrorState*>(decoder->err);
  state->is_truncated = true;
  std::longjmp(state->jump_target, 1);
}

// Replaces libjpeg's handler, which prints warnings about what it repaired to
// stderr, without the name of the file.
void discard_message(j_common_ptr) {}

struct DecompressHandle {
  DecompressHandle() {
    decoder.err = jpeg_std_error(&error_state.manager);
    error_state.manager.error_exit = handle_error;
    error_state.manager.output_message = discard_message;
    if (!create()) {
      throw std::bad_alloc();
    }
  }
  ~DecompressHandle() { jpeg_destroy_decompress(&decoder); }
  DecompressHandle(const DecompressHandle&) = delete;
  DecompressHandle& operator=(const DecompressHandle&) = delete;

  jpeg_decompress_struct decoder{};
  ErrorState error_state{};

 private:
  bool create() {
    if (setjmp(error_state.jump_target) != 0) {
      return false;
    }
    jpeg_create_decompress(&decoder);
    return true;
  }
};

// A decoder of one file, whose header has been read.
class JpegDecoder {
 public:
  explicit JpegDecoder(std::span<const uint8_t> bytes) {
    if (!read_header(bytes)) {
      throw_decoding_error();
    }
  }

  int height() const { return static_cast<int>(decoder_.image_height); }
  int width() const { return static_cast<int>(decoder_.image_width); }
  bool is_cmyk() const { return decoder_.num_components == 4; }
  // Must be called before read_pixels(), which discards the markers.
  int orientation() const;
  // Decodes to `space`, in rows without padding. Must be called at most once.
  void read_pixels(J_COLOR_SPACE space, std::span<uint8_t> pixels);

 private:
  [[noreturn]] void throw_decoding_error() const {
    if (error_state_.is_truncated) {
      throw base::input_error("the image is truncated");
    }
    throw base::input_error("the JPEG is corrupt: {}",
                            error_state_.message.data());
  }
  bool read_header(std::span<const uint8_t> bytes);
  bool read_rows(J_COLOR_SPACE space, std::span<uint8_t> pixels);

  DecompressHandle handle_;
  jpeg_decompress_struct& decoder_ = handle_.decoder;
  ErrorState& error_state_ = handle_.error_state;
};

// libjpeg jumps out of read_header and read_rows.
bool JpegDecoder::read_header(std::span<const uint8_t> bytes) {
  if (setjmp(error_state_.jump_target) != 0) {
    return false;
  }
  jpeg_mem_src(&decoder_, bytes.data(), bytes.size());
  decoder_.src->fill_input_buffer = handle_end_of_input;
  constexpr unsigned kMaxMarkerBytes = 0xFFFF;
  jpeg_save_markers(&decoder_, JPEG_APP0 + 1, kMaxMarkerBytes);
  jpeg_read_header(&decoder_, TRUE);
  return true;
}

bool JpegDecoder::read_rows(J_COLOR_SPACE space, std::span<uint8_t> pixels) {
  if (setjmp(error_state_.jump_target) != 0) {
    return false;
  }
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

void JpegDecoder::read_pixels(J_COLOR_SPACE space, std::span<uint8_t> pixels) {
  if (!read_rows(space, pixels)) {
    throw_decoding_error();
  }
}

int JpegDecoder::orientation() const {
  constexpr std::string_view kName("Exif\0\0", 6);
  for (auto* marker = decoder_.marker_list; marker != nullptr;
       marker = marker->next) {
    // XMP is stored in APP1 too.
    if (marker->data_length >= kName.size() &&
        std::memcmp(marker->data, kName.data(), kName.size()) == 0) {
      return exif_orientation({marker->data, marker->data_length});
    }
  }
  return 1;
}

// Multiplies an ink with black (key). Both are inverted: 255 means no ink.
uint8_t ink_to_rgb(int ink, int key) {
  return static_cast<uint8_t>(key - ((255 - ink) * key >> 8));
}

void read_rgb(JpegDecoder& decoder, std::span<uint8_t> pixels) {
  if (!decoder.is_cmyk()) {
    return decoder.read_pixels(JCS_RGB, pixels);
  }
  std::vector<uint8_t> inks(pixels.size() / 3 * 4);
  decoder.read_pixels(JCS_CMYK, inks);
  for (size_t i = 0; i < pixels.size(); ++i) {
    const size_t pixel = i / 3 * 4;
    pixels[i] = ink_to_rgb(inks[pixel + i % 3], inks[pixel + 3]);
  }
}

}  // namespace

data::Image decode_jpeg(std::span<const uint8_t> bytes,
                        Orientation orientation) {
  JpegDecoder decoder(bytes);
  check_image_size(decoder.height(), decoder.width());
  data::Image image{decoder.height(), decoder.width(), {}};
  image.pixels.resize(size_t{3} * image.height * image.width);
  const int stored_orientation = decoder.orientation();
  read_rgb(decoder, image.pixels);
  if (orientation == Orientation::as_stored) {
    return image;
  }
  return apply_orientation(std::move(image), stored_orientation);
}

void decode_jpeg_as_stored(std::span<const uint8_t> bytes, int height,
                           int width, int channels, uint8_t* pixels) {
  JpegDecoder decoder(bytes);
  if (decoder.height() != height || decoder.width() != width) {
    throw base::input_error("the JPEG has {} x {} pixels, not {} x {}",
                            decoder.height(), decoder.width(), height, width);
  }
  const std::span<uint8_t> output(pixels,
                                  size_t{1} * height * width * channels);
  if (channels == 3) {
    return read_rgb(decoder, output);
  }
  decoder.read_pixels(JCS_GRAYSCALE, output);
}

}  // namespace gato::ingest

// The six formats share a header: "P1" to "P6", width, height and, except for
// bitmaps, the maximum value, separated by white space and comments. P1 to P3
// then contain decimal numbers, P4 bits, P5 and P6 bytes or, if the maximum
// exceeds 255, big-endian 16-bit values.
#include "gato/ingest/images/pnm_decoder.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "gato/base/error.h"
#include "gato/ingest/images/image_format.h"

namespace gato::ingest {
namespace {

bool is_whitespace(char c) {
  return std::string_view(" \t\n\r\v\f").find(c) != std::string_view::npos;
}

// Consumes what may precede a number: white space, and comments up to the end
// of the line.
void skip_whitespace_and_comments(std::string_view& text) {
  while (!text.empty() && (is_whitespace(text[0]) || text[0] == '#')) {
    const size_t end = text[0] == '#' ? text.find_first_of("\n\r") : 0;
    text.remove_prefix(std::min(text.size(), end == text.npos ? end : end + 1));
  }
}

// Consumes a number; returns nullopt if there is none.
std::optional<int64_t> consume_number(std::string_view& text) {
  skip_whitespace_and_comments(text);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

struct Header {
  char magic_digit;  // '1' to '6'
  int64_t height, width;
  int64_t max_value;  // of a channel
  int64_t channels;   // 1 or 3

  bool is_bitmap() const { return magic_digit == '1' || magic_digit == '4'; }
  bool is_plain() const { return magic_digit <= '3'; }
};

// Consumes the header, up to the white space before a binary file's pixels.
Header consume_header(std::string_view& text) {
  Header header{.magic_digit = text[1],
                .height = 0,
                .width = 0,
                .max_value = 1,
                .channels = text[1] == '3' || text[1] == '6' ? 3 : 1};
  text.remove_prefix(2);
  const auto width = consume_number(text);
  const auto height = consume_number(text);
  const auto max_value = header.is_bitmap() ? 1 : consume_number(text);
  if (!width || !height || !max_value || *max_value < 1 || *max_value > 65535) {
    throw base::input_error("the header of the image is corrupt");
  }
  header.width = *width;
  header.height = *height;
  header.max_value = *max_value;
  return header;
}

[[noreturn]] void throw_truncated() {
  throw base::input_error("the image is truncated");
}

// Reads the values of an image in file order.
class PixelValueReader {
 public:
  // Throws Error(bad_input) if the file is too small for all values, so that no
  // memory is allocated for them.
  PixelValueReader(const Header& header, std::string_view text)
      : header_(header), text_(text) {
    const int64_t columns = header.width * header.channels;
    // Bits are padded to whole bytes per row. In a plain file a bit takes at
    // least one digit, any other value at least a digit and a separator.
    int64_t min_bytes = columns * header.height;
    if (header.magic_digit == '4') {
      min_bytes = (columns + 7) / 8 * header.height;
    }
    if (header.is_plain() && !header.is_bitmap()) {
      min_bytes = 2 * min_bytes - 1;
    }
    if (!header.is_plain() && header.max_value > 255) {
      min_bytes *= 2;
    }
    if (!header.is_plain()) {
      skip_end_of_header();
    }
    if (std::ssize(text_) < min_bytes) {
      throw_truncated();
    }
  }

  void begin_row() {
    if (bit_index_ > 0) {
      consume_byte();
    }
  }
  int64_t next_value() {
    if (header_.magic_digit == '1') {
      return next_digit();
    }
    if (header_.is_plain()) {
      return next_number();
    }
    if (header_.magic_digit == '4') {
      return next_bit();
    }
    const int64_t byte = consume_byte();
    return header_.max_value > 255 ? byte << 8 | consume_byte() : byte;
  }

 private:
  // Skips one white space character, or a comment including its line end.
  void skip_end_of_header() {
    if (text_.empty()) {
      throw_truncated();
    }
    const size_t end = text_[0] == '#' ? std::min(text_.find_first_of("\n\r"),
                                                  text_.size() - 1)
                                       : 0;
    text_.remove_prefix(end + 1);
  }
  int64_t consume_byte() {
    const auto byte = static_cast<uint8_t>(text_[0]);
    text_.remove_prefix(1);
    bit_index_ = 0;
    return byte;
  }
  int64_t next_bit() {
    const int64_t value =
        static_cast<uint8_t>(text_[0]) >> (7 - bit_index_) & 1;
    if (++bit_index_ == 8) {
      consume_byte();
    }
    return value;
  }
  // The digits of a plain bitmap need not be separated.
  int64_t next_digit() {
    skip_whitespace_and_comments(text_);
    if (text_.empty()) {
      throw_truncated();
    }
    return consume_byte() - '0';
  }
  int64_t next_number() {
    const auto number = consume_number(text_);
    if (!number && text_.empty()) {
      throw_truncated();
    }
    return number.value_or(-1);
  }

  const Header& header_;
  std::string_view text_;
  int bit_index_ = 0;  // of the next bit, in the first byte of text_
};

uint8_t scale_to_8_bits(int64_t value, const Header& header) {
  if (value < 0 || value > header.max_value) {
    throw base::input_error(
        "the image is corrupt: its pixels must be numbers from 0 to {}",
        header.max_value);
  }
  if (header.is_bitmap()) {
    return value == 0 ? 255 : 0;  // 1 is black
  }
  const int64_t output_max = header.max_value > 255 ? 65535 : 255;
  const int64_t scaled =
      (value * output_max + header.max_value / 2) / header.max_value;
  return static_cast<uint8_t>(header.max_value > 255 ? scaled >> 8 : scaled);
}

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

data::Image decode_pnm(std::span<const uint8_t> bytes) {
  std::string_view text = text_of(bytes);
  const Header header = consume_header(text);
  check_image_size(header.height, header.width);
  PixelValueReader values(header, text);
  data::Image image{
      static_cast<int>(header.height), static_cast<int>(header.width), {}};
  image.pixels.resize(size_t{3} * image.height * image.width);
  const size_t copies = header.channels == 1 ? 3 : 1;
  uint8_t* pixel = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    values.begin_row();
    for (int64_t i = 0; i < header.width * header.channels; ++i) {
      pixel = std::fill_n(pixel, copies,
                          scale_to_8_bits(values.next_value(), header));
    }
  }
  return image;
}

bool is_complete_pnm(std::span<const uint8_t> bytes) {
  if (detect_image_format(bytes) != ImageFormat::pnm) {
    return false;
  }
  std::string_view text = text_of(bytes);
  try {
    const Header header = consume_header(text);
    if (header.is_plain()) {
      decode_pnm(bytes);  // only its numbers show where it ends
      return true;
    }
    if (text.empty() || (!is_whitespace(text[0]) && text[0] != '#')) {
      return false;
    }
    check_image_size(header.height, header.width);
    const PixelValueReader complete(header, text);
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

bool has_16_bit_pnm_values(std::span<const uint8_t> bytes) {
  std::string_view text = text_of(bytes);
  return consume_header(text).max_value > 255;
}

}  // namespace gato::ingest

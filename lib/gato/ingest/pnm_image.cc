#include "gato/ingest/pnm_image.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "gato/base/error.h"
#include "gato/ingest/image_format.h"

namespace gato {
namespace {

bool is_space(char c) {
  return std::string_view(" \t\n\r\v\f").find(c) != std::string_view::npos;
}

// Takes away what may stand before a number: blanks, and comments to the line's
// end.
void skip_blanks(std::string_view& text) {
  while (!text.empty() && (is_space(text[0]) || text[0] == '#')) {
    const size_t end = text[0] == '#' ? text.find_first_of("\n\r") : 0;
    text.remove_prefix(std::min(text.size(), end == text.npos ? end : end + 1));
  }
}

// Takes a number away; nothing where there is none.
std::optional<int64_t> take_number(std::string_view& text) {
  skip_blanks(text);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return {};
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

struct Header {
  char kind;  // '1' to '6'
  int64_t height, width;
  int64_t largest;   // value of a pixel
  int64_t channels;  // 1 or 3

  bool is_bitmap() const { return kind == '1' || kind == '4'; }
  bool is_plain() const { return kind <= '3'; }
};

// Takes the header away, up to the blank before a binary file's pixels.
Header take_header(std::string_view& text) {
  Header header{.kind = text[1],
                .height = 0,
                .width = 0,
                .largest = 1,
                .channels = text[1] == '3' || text[1] == '6' ? 3 : 1};
  text.remove_prefix(2);
  const auto width = take_number(text);
  const auto height = take_number(text);
  const auto largest = header.is_bitmap() ? 1 : take_number(text);
  if (!width || !height || !largest || *largest < 1 || *largest > 65535) {
    throw input_error("the header of the image is damaged");
  }
  header.width = *width;
  header.height = *height;
  header.largest = *largest;
  return header;
}

[[noreturn]] void refuse_cut() { throw input_error("the image is cut short"); }

// The values of a picture, as they stand in the file, one after another.
class PixelValues {
 public:
  // Error (bad_input) where the file cannot hold them all: before room is made
  // for them.
  PixelValues(const Header& header, std::string_view text)
      : header_(header), text_(text) {
    const int64_t columns = header.width * header.channels;
    // Bits fill whole bytes a row. As text, a bit is a digit at least, another
    // value a digit and a blank.
    int64_t least = columns * header.height;
    if (header.kind == '4') least = (columns + 7) / 8 * header.height;
    if (header.is_plain() && !header.is_bitmap()) least = 2 * least - 1;
    if (!header.is_plain() && header.largest > 255) least *= 2;
    if (!header.is_plain()) skip_end_of_header();
    if (std::ssize(text_) < least) refuse_cut();
  }

  void begin_row() {
    if (bit_ > 0) take_byte();
  }
  int64_t next() {
    if (header_.kind == '1') return next_digit();
    if (header_.is_plain()) return next_number();
    if (header_.kind == '4') return next_bit();
    const int64_t byte = take_byte();
    return header_.largest > 255 ? byte << 8 | take_byte() : byte;
  }

 private:
  // One blank, or a comment with the end of its line.
  void skip_end_of_header() {
    if (text_.empty()) refuse_cut();
    const size_t end = text_[0] == '#' ? std::min(text_.find_first_of("\n\r"),
                                                  text_.size() - 1)
                                       : 0;
    text_.remove_prefix(end + 1);
  }
  int64_t take_byte() {
    const auto byte = static_cast<uint8_t>(text_[0]);
    text_.remove_prefix(1);
    bit_ = 0;
    return byte;
  }
  int64_t next_bit() {
    const int64_t value = static_cast<uint8_t>(text_[0]) >> (7 - bit_) & 1;
    if (++bit_ == 8) take_byte();
    return value;
  }
  // A bitmap's digits need no blank between them.
  int64_t next_digit() {
    skip_blanks(text_);
    if (text_.empty()) refuse_cut();
    return take_byte() - '0';
  }
  int64_t next_number() {
    const auto number = take_number(text_);
    if (!number && text_.empty()) refuse_cut();
    return number.value_or(-1);
  }

  const Header& header_;
  std::string_view text_;
  int bit_ = 0;  // of the first byte, which is next
};

uint8_t eight_bits(int64_t value, const Header& header) {
  if (value < 0 || value > header.largest) {
    throw input_error(
        "the image is damaged: its pixels are numbers from 0 to {}",
        header.largest);
  }
  if (header.is_bitmap()) return value == 0 ? 255 : 0;  // 1 is black
  const int64_t most = header.largest > 255 ? 65535 : 255;
  const int64_t scaled = (value * most + header.largest / 2) / header.largest;
  return static_cast<uint8_t>(header.largest > 255 ? scaled >> 8 : scaled);
}

}  // namespace

Image decode_pnm(std::span<const uint8_t> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  const Header header = take_header(text);
  check_image_size(header.height, header.width);
  PixelValues values(header, text);
  Image image{
      static_cast<int>(header.height), static_cast<int>(header.width), {}};
  image.pixels.resize(size_t{3} * image.height * image.width);
  const size_t copies = header.channels == 1 ? 3 : 1;
  uint8_t* pixel = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    values.begin_row();
    for (int64_t i = 0; i < header.width * header.channels; ++i) {
      pixel = std::fill_n(pixel, copies, eight_bits(values.next(), header));
    }
  }
  return image;
}

}  // namespace gato

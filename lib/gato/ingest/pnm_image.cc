#include "gato/ingest/pnm_image.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "gato/base/error.h"
#include "gato/ingest/image_format.h"

namespace gato {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' ||
         c == '\f';
}

// Takes away what may stand before a number: blanks, and comments to the line's
// end.
void skip_blanks(std::string_view& text) {
  while (!text.empty() && (is_space(text[0]) || text[0] == '#')) {
    const size_t end = text[0] == '#' ? text.find('\n') : 0;
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

// A bitmap's digits need no blank between them.
int64_t take_bit(std::string_view& text) {
  skip_blanks(text);
  if (text.empty()) refuse_cut();
  const char digit = text[0];
  text.remove_prefix(1);
  return digit - '0';
}

// The values of one row after another, as they stand in the file.
class Rows {
 public:
  Rows(const Header& header, std::string_view text)
      : header_(header), text_(text) {
    if (header.is_plain()) return;
    if (text_.empty()) refuse_cut();
    text_.remove_prefix(1);
  }

  void read(std::vector<int64_t>& row) {
    if (header_.is_plain()) return read_plain(row);
    const size_t value_bytes = header_.largest > 255 ? 2 : 1;
    const size_t row_bytes =
        header_.is_bitmap() ? (row.size() + 7) / 8 : row.size() * value_bytes;
    if (text_.size() < row_bytes) refuse_cut();
    const auto* bytes = reinterpret_cast<const uint8_t*>(text_.data());
    for (size_t i = 0; i < row.size(); ++i) {
      if (header_.is_bitmap()) {
        row[i] = bytes[i / 8] >> (7 - i % 8) & 1;
      } else if (value_bytes == 1) {
        row[i] = bytes[i];
      } else {
        row[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
      }
    }
    text_.remove_prefix(row_bytes);
  }

 private:
  void read_plain(std::vector<int64_t>& row) {
    for (int64_t& value : row) {
      if (header_.is_bitmap()) {
        value = take_bit(text_);
        continue;
      }
      const auto number = take_number(text_);
      if (!number && text_.empty()) refuse_cut();
      value = number.value_or(-1);
    }
  }

  const Header& header_;
  std::string_view text_;
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

bool is_pnm(std::string_view text) {
  return text.size() >= 3 && text[0] == 'P' && text[1] >= '1' &&
         text[1] <= '6' && is_space(text[2]);
}

Image decode_pnm(std::span<const uint8_t> bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  const Header header = take_header(text);
  check_image_size(header.height, header.width);
  // A bit a pixel is the least; more is looked for row by row.
  if (std::ssize(text) < header.height * header.width / 8) refuse_cut();
  Image image{
      static_cast<int>(header.height), static_cast<int>(header.width), {}};
  image.pixels.resize(size_t{3} * image.height * image.width);
  Rows rows(header, text);
  std::vector<int64_t> row(static_cast<size_t>(header.width * header.channels));
  uint8_t* pixel = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    rows.read(row);
    for (size_t i = 0; i < row.size(); ++i) {
      const uint8_t value = eight_bits(row[i], header);
      const int copies = header.channels == 1 ? 3 : 1;
      for (int c = 0; c < copies; ++c) *pixel++ = value;
    }
  }
  return image;
}

}  // namespace gato

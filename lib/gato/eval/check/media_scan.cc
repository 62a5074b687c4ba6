#include "gato/eval/check/media_scan.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <functional>

#include "gato/ingest/utf8.h"
#include "gato/tokenize/image_patches.h"

namespace gato::eval {
namespace {

bool is_one_color_image(const data::Array& image) {
  if (const auto view = tokenize::as_image_view(image)) {
    return is_one_color(view->pixels, int64_t{view->height} * view->width);
  }
  const data::Image converted = tokenize::to_image(image);
  return is_one_color(converted.pixels.data(),
                      int64_t{converted.height} * converted.width);
}

int64_t patch_count(const data::Array& image) {
  const data::Image converted = tokenize::to_image(image);
  return (int64_t{converted.height} + 15) / 16 *
         ((int64_t{converted.width} + 15) / 16);
}

// Identifiers have no spaces and contain a digit.
bool looks_like_id(const std::string& text) {
  return std::ranges::any_of(
             text, [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         std::ranges::none_of(
             text, [](unsigned char c) { return std::isspace(c) != 0; });
}

}  // namespace

bool is_one_color(const uint8_t* pixels, int64_t count) {
  // Each byte equals the one a pixel before it.
  return count > 0 && std::memcmp(pixels, pixels + 3,
                                  static_cast<size_t>(count - 1) * 3) == 0;
}

ImageScan scan_images(const data::Array& column, int64_t frames) {
  ImageScan scan;
  scan.frames = frames;
  if (frames == 0) {
    return scan;
  }
  const size_t size =
      column.bytes.size() / static_cast<size_t>(column.shape[0]);
  data::Array image;
  for (int64_t t = 0; t < frames; ++t) {
    const std::byte* frame =
        column.bytes.data() + static_cast<size_t>(t) * size;
    if (t > 0 && std::memcmp(frame, frame - size, size) != 0) {
      scan.changes = true;
    }
    column.copy_row(t, image);
    if (t == 0) {
      scan.patches = patch_count(image);
    }
    if (is_one_color_image(image)) {
      scan.one_color.add(t, 0, image.as_double(0));
    }
  }
  return scan;
}

TextScan scan_texts(const std::vector<std::string>& texts, int64_t count,
                    const TextCoverage* coverage) {
  TextScan scan;
  scan.texts = count;
  if (count > 0) {
    scan.first_digest = std::hash<std::string>{}(texts.front());
  }
  for (int64_t t = 0; t < count; ++t) {
    const std::string& text = texts[static_cast<size_t>(t)];
    scan.empty += text.empty();
    if (t > 0 && text == texts[static_cast<size_t>(t) - 1]) {
      continue;
    }
    scan.changes |= t > 0;
    scan.is_word &= looks_like_id(text);
    if (const auto byte = ingest::find_invalid_utf8(text)) {
      scan.not_utf8.add(t, static_cast<int64_t>(*byte), 0);
    } else if (coverage != nullptr) {
      coverage->add_text(text, scan.tally);
    }
  }
  return scan;
}

}  // namespace gato::eval

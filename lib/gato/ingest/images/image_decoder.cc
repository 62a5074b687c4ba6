#include "gato/ingest/images/image_decoder.h"

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/pointer_file.h"
#include "gato/ingest/images/image_format.h"
#include "gato/ingest/images/jpeg_decoder.h"
#include "gato/ingest/images/png_decoder.h"
#include "gato/ingest/images/pnm_decoder.h"
#include "gato/ingest/images/webp_decoder.h"

namespace gato::ingest {

data::Image decode_image(std::span<const uint8_t> bytes,
                         Orientation orientation) {
  if (bytes.empty()) {
    throw base::input_error("the image is empty");
  }
  if (const auto format = detect_image_format(bytes)) {
    switch (*format) {
      case ImageFormat::jpeg:
        return decode_jpeg(bytes, orientation);
      case ImageFormat::png:
        return decode_png(bytes, orientation);
      case ImageFormat::webp:
        return decode_webp(bytes, orientation);
      case ImageFormat::pnm:
        return decode_pnm(bytes);
      default:
        throw base::input_error(
            "a compressed image in {}, which is not a supported format (JPEG, "
            "PNG, WebP, PBM, PGM, PPM): convert it to PNG or JPEG",
            image_format_name(*format));
    }
  }
  const std::string pointer = base::describe_pointer(
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!pointer.empty()) {
    throw base::input_error("{}", pointer);
  }
  throw base::input_error(
      "not an image in a supported format (JPEG, PNG, WebP, PBM, PGM, PPM)");
}

data::Image read_image(const std::filesystem::path& path) {
  std::error_code unknown;  // read_file reports what is wrong
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  if (!unknown && size > std::uintmax_t{kMaxImageBytes}) {
    throw base::input_error("{}: more than {} MiB", path.string(),
                            kMaxImageBytes >> 20);
  }
  // Reading a pipe might block forever.
  if (std::filesystem::exists(path, unknown) &&
      !std::filesystem::is_regular_file(path, unknown) &&
      !std::filesystem::is_directory(path, unknown)) {
    throw base::input_error("{}: a pipe or a device, not an image file",
                            path.string());
  }
  const std::string bytes = base::read_file(path);
  try {
    return decode_image(
        {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", path.string(), error.what());
  }
}

}  // namespace gato::ingest

#include "gato/ingest/image_text.h"

#include "gato/base/error.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/image_file.h"

namespace gato {
namespace {

Image decode_bytes(const std::string& bytes) {
  return decode_image(
      {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace

bool StoredImage::is_missing() const {
  if (form == Form::missing) return true;
  std::error_code unknown;
  return form == Form::file &&
         std::filesystem::status(content, unknown).type() ==
             std::filesystem::file_type::not_found;
}

Image StoredImage::decode() const {
  switch (form) {
    case Form::file:
      // A file that cannot be read is a fault of its record.
      try {
        return read_image(content);
      } catch (const Error& error) {
        throw input_error("{}", error.what());
      }
    case Form::bytes:
      return decode_bytes(content);
    case Form::base64:
      return decode_bytes(decode_base64(content));
    case Form::missing:
      break;
  }
  throw input_error("{}", content);
}

StoredImage image_in(const std::filesystem::path& root,
                     const std::filesystem::path& path) {
  return {StoredImage::Form::file, (root / path).string()};
}

}  // namespace gato

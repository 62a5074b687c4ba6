#include "gato/ingest/text/image_text.h"

#include "gato/base/error.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/images/image_decoder.h"

namespace gato::ingest {
namespace {

data::Image decode_bytes(const std::string& bytes) {
  return decode_image(
      {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace

bool StoredImage::is_missing() const {
  if (kind == Kind::missing) {
    return true;
  }
  std::error_code unknown;
  return kind == Kind::file &&
         std::filesystem::status(content, unknown).type() ==
             std::filesystem::file_type::not_found;
}

data::Image StoredImage::decode() const {
  switch (kind) {
    case Kind::file:
      // The record is bad if its file cannot be read: an Error(io) would end
      // the run.
      try {
        return read_image(content);
      } catch (const base::Error& error) {
        throw base::input_error("{}", error.what());
      }
    case Kind::bytes:
      return decode_bytes(content);
    case Kind::base64:
      return decode_bytes(decode_base64(content));
    case Kind::missing:
      break;
  }
  throw base::input_error("{}", content);
}

StoredImage stored_image_at(const std::filesystem::path& root,
                            const std::filesystem::path& path) {
  return {StoredImage::Kind::file, (root / path).string()};
}

}  // namespace gato::ingest

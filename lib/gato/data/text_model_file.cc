#include "gato/data/text_model_file.h"

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"

namespace gato::data {

std::string read_text_model(const std::filesystem::path& path,
                            const std::string& digest) {
  std::string bytes = base::read_file(path);
  const std::string found = base::digest_bytes(bytes);
  if (found != digest) {
    throw base::input_error(
        "{}: its digest is {}, but config.json says {}: this is the "
        "SentencePiece model of another network",
        path.string(), found, digest);
  }
  return bytes;
}

}  // namespace gato::data

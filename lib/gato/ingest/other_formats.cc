#include "gato/ingest/other_formats.h"

#include "gato/base/error.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {

void reject_other_formats(const std::string& name, std::string_view first) {
  constexpr size_t kMaxBytes = 512;
  first = first.substr(0, kMaxBytes);
  if (const auto encoding = detect_utf16(first); !encoding.empty()) {
    throw base::input_error(
        "{}: text in UTF-16: convert it with iconv -f {} -t UTF-8", name,
        encoding);
  }
  // A tar member header begins with the name, padded with NUL, and has the
  // magic bytes at offset 257.
  constexpr size_t kMagicOffset = 257;
  if (first.size() > kMagicOffset &&
      first.substr(kMagicOffset).starts_with("ustar") &&
      first.substr(0, kMagicOffset).find('\0') != std::string_view::npos) {
    throw base::input_error(
        "{}: a tar archive, not text: extract the files in it, or pipe them: "
        "tar -xOf ARCHIVE | gato-tokenize ... -",
        name);
  }
  // The magic bytes of Parquet are followed by a page header, whose first field
  // has the tag 0x15.
  if (first.starts_with("PAR1\x15")) {
    throw base::input_error(
        "{}: a Parquet file, not text: convert it to JSON lines, for "
        "example with pandas: read_parquet(FILE).to_json(OUTPUT, "
        "orient='records', lines=True)",
        name);
  }
  if (first.starts_with("PK\x03\x04")) {
    throw base::input_error(
        "{}: a zip archive, not text: extract the files in it, or pipe them: "
        "unzip -p ARCHIVE | gato-tokenize ... -",
        name);
  }
}

}  // namespace gato::ingest

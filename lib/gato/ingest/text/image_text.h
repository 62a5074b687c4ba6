// Records of images and text as readers return them. Images are not decoded
// yet, so that any thread can do that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gato/data/document.h"
#include "gato/data/image.h"
#include "gato/data/provenance.h"

namespace gato::ingest {

// An image as it is stored in a dataset.
struct StoredImage {
  enum class Kind {
    file,     // content is the path of an image file
    bytes,    // content is the content of an image file
    base64,   // content is the content of an image file in base64
    missing,  // content says why there is no image
  };
  Kind kind = Kind::missing;
  std::string content;

  // Returns whether the image is not on this machine: kind is `missing`, or the
  // file does not exist.
  bool is_missing() const;
  // Returns RGB pixels. Throws Error(bad_input) if the image is missing or
  // cannot be read.
  data::Image decode() const;
};

// Returns the image file at `path`, which is relative to `root` unless it is
// absolute.
StoredImage stored_image_at(const std::filesystem::path& root,
                            const std::filesystem::path& path);

// A text and the location of its record, for messages.
struct LocatedText {
  std::string text, location;
};

// An image and its texts. Each text forms a document with the image.
struct ImageTexts {
  StoredImage image;
  std::vector<LocatedText> texts;
};

// An interleaved page: images and texts that form one document.
struct Page {
  std::vector<std::variant<std::string, StoredImage, data::EndOfText>> items;
  std::string location;
};

// A sequence of records.
template <class Record>
class RecordSource {
 public:
  using Counts = std::vector<std::pair<std::string, int64_t>>;

  virtual ~RecordSource() = default;
  // Returns the next record, or nullopt at the end. Throws Error(bad_input),
  // which names the record, if a record is bad; the next call continues after
  // it.
  virtual std::optional<Record> next() = 0;
  // Returns the number of bytes read so far, before decompression, from a file
  // that is read as a stream; 0 for other sources.
  virtual int64_t bytes_read() const { return 0; }
  // Returns the number of skipped items that are not records, by reason.
  virtual Counts skipped() const { return {}; }
  // Adds the files that were read. Must be called after next() has returned
  // nullopt.
  virtual void record_inputs(data::Provenance& provenance) = 0;
};
using ImageTextSource = RecordSource<ImageTexts>;

}  // namespace gato::ingest

// What readers of images with text give: records whose images are not decoded
// yet, so that any thread can do it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gato/data/image.h"
#include "gato/data/provenance.h"

namespace gato::ingest {

// An image as it was stored.
struct StoredImage {
  enum class Kind {
    file,     // content is its path
    bytes,    // content is what would be in the file
    base64,   // content is the base64 of that
    missing,  // content says why it is not here
  };
  Kind kind = Kind::missing;
  std::string content;

  // Whether it is nowhere on this machine: no file of this name, say.
  bool is_missing() const;
  // RGB pixels. Error (bad_input) where it cannot be read or is missing.
  data::Image decode() const;
};

// Under `root`, unless `path` is absolute.
StoredImage stored_image_at(const std::filesystem::path& root,
                            const std::filesystem::path& path);

// A text and the place of its record, for messages.
struct LocatedText {
  std::string text, location;
};

// An image and its texts, each of which forms a document with it.
struct ImageTexts {
  StoredImage image;
  std::vector<LocatedText> texts;
};

// A page: images and texts in turn, together one document.
struct Page {
  std::vector<std::variant<std::string, StoredImage>> items;
  std::string location;
};

// Gives records in order.
template <class Record>
class RecordSource {
 public:
  using Counts = std::vector<std::pair<std::string, int64_t>>;

  virtual ~RecordSource() = default;
  // Nothing at the end. Error (bad_input) for a bad record, which it names; the
  // next call goes on after it.
  virtual std::optional<Record> next() = 0;
  // What was passed over and is no record, by reason.
  virtual Counts skipped() const { return {}; }
  // Adds the files that were read. To be called at the end.
  virtual void record_inputs(data::Provenance& provenance) = 0;
};
using ImageTextSource = RecordSource<ImageTexts>;

}  // namespace gato::ingest

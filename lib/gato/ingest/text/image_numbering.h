// The numbers by which rows of TSV files find their images in a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gato/ingest/text/image_url_index.h"

namespace gato::ingest {

// The numbering of the images in the image roots of a run. img2dataset begins a
// new shard of 10000 rows for every file that it downloads from, so that a file
// continues the numbering of the files before it.
class ImageNumbering {
 public:
  static constexpr int64_t kRowsPerShard = 10000;

  // The numbering below one image root.
  struct Root {
    std::filesystem::path path;  // as it was given first
    ImageUrlIndex urls;
    int64_t next_shard = 0;  // of the next file
    // Why shards cannot be numbered; empty if they can. Names the first row or
    // file whose number is uncertain.
    std::string doubt;
    // The first and the last file with images below this root.
    std::string first_file, last_file;
    // Whether the image of any row was found by its number alone.
    bool depends_on_numbers = false;
  };

  // Returns the numbering below a root, whose URLs are read by the first call.
  Root& at(const std::filesystem::path& root);
  // Records that another process of the run reads a file with images below
  // `root`, which comes before the files of this process.
  void skip_file(const std::filesystem::path& root, const std::string& file);
  // Logs a warning for every root with more shards than the files have, because
  // the images may belong to the rows of other files. Must be called after all
  // files have been read.
  void warn_of_remaining_shards() const;

 private:
  std::map<std::filesystem::path, std::unique_ptr<Root>> roots_;
};

}  // namespace gato::ingest

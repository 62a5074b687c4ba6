// The numbers by which rows of TSV files find their images in a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gato/ingest/text/image_url_index.h"

namespace gato::ingest {

// The numbering of the images in the image roots of a run. img2dataset begins a
// new shard of 10000 rows for every file that it downloads from, so that a file
// continues the numbering of the files before it.
//
// A number is an assumption: that all files are there in the order of their
// download, with all of their rows, and that shards have 10000 rows. The URL or
// the caption that img2dataset stored next to an image proves it. Without
// proof, the images of several files are refused, because any order of the
// files looks right, and so are those of a file if there are images that belong
// to none of its rows. The user may say that the assumption is true.
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
    // Why numbers do not prove whose image is whose; empty if they are trusted.
    std::string order_doubt;
    // The location of the first row whose image was found by its number alone;
    // empty if there is none.
    std::string first_unproven_row;
    // True if the numbers of such rows are divided into shards.
    bool has_shards = false;
    // An image that belongs to none of the rows; empty if none was found.
    std::string unclaimed_image;
  };

  explicit ImageNumbering(bool trusts_row_order = false)
      : trusts_row_order_(trusts_row_order) {}

  // Announces a file of the run, by any process, that may have images below
  // `root`. Must be called for all files before the first call of at().
  void announce_file(const std::filesystem::path& root);
  // Returns the numbering below a root, whose URLs are read by the first call.
  Root& at(const std::filesystem::path& root);
  // Records that another process of the run reads a file with images below
  // `root`, which comes before the files of this process.
  void skip_file(const std::filesystem::path& root, const std::string& file);
  // Moves the numbering of a root to the next file, after one of `rows` rows.
  void end_file(Root& root, int64_t rows) const;
  // Throws Error(bad_input), which names the first row that may have another
  // row's image, if a root has images that belong to none of the rows although
  // rows were found by their numbers alone, and otherwise logs a warning about
  // such rows. Must be called after all files have been read. Does nothing if
  // the order of the rows is trusted.
  void check_unproven_rows() const;

 private:
  bool trusts_row_order_;
  std::map<std::filesystem::path, std::unique_ptr<Root>> roots_;
  std::map<std::filesystem::path, int64_t> file_counts_;
};

// Advice if the number of a row does not determine its image.
inline constexpr std::string_view kNumberingAdvice =
    "keep the .json files of img2dataset next to the images, which contain "
    "their URLs (share/gato/convert/img2dataset_json.py writes them from its "
    ".parquet files), or add a column with the paths of the images "
    "(--image-column)";

}  // namespace gato::ingest

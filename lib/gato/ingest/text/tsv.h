// Reads captions in tab-separated values, such as Conceptual Captions, with the
// images in a directory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/ingest/text/image_numbering.h"
#include "gato/ingest/text/image_text.h"

namespace gato::ingest {

struct TsvOptions {
  std::filesystem::path image_root;
  // Columns are given by number, from 1, or by name in the first line; if
  // empty, they are detected.
  //
  // The first line is a header if it contains no URL ("://"), one of the names
  // caption, text and title, and one of the names url, image_url, image, file,
  // filepath, path and filename. Without a header, the first column of the
  // first line that contains a URL is the URL, and the first other column is
  // the caption: CC3M has the caption first, CC12M the URL.
  std::string caption_column;
  // The column of the image's path. Without it, image_name_format applies.
  std::string image_column;
  // The image's path if no column contains it, as a format string of fmt: {row}
  // counts rows from 0, {shard} is row / 10000 plus the number of shards of the
  // files before this one, {index} is row % 10000, and {name} is the last part
  // of the URL. The default is img2dataset's naming.
  std::string image_name_format = "{shard:05}/{shard:05}{index:04}.jpg";
  // "csv": a cell that begins with a quote ends at the next quote that is not
  // doubled, possibly on another line. "none": quotes have no meaning. "auto":
  // like csv, but malformed cells are taken literally, and a cell that contains
  // other rows is too: each of the lines is a row.
  std::string quoting = "auto";
  // The numbering that the file shares with the other files of a run; if null,
  // its rows are numbered from 0.
  std::shared_ptr<ImageNumbering> numbering;
  // If false, only captions are needed, and all images are missing.
  bool finds_images = true;
};

// Throws Error(usage) if `image_name` is not a valid format.
void check_tsv_image_name_format(const std::string& image_name);

// Reads incrementally; the path "-" is the standard input. Throws Error(io) if
// the file cannot be read. The first next() throws Error(usage) if the columns
// cannot be detected: no other row could be read either.
//
// If the paths of images depend on the numbers of rows, the images are found by
// the URLs in the .json files of img2dataset next to them, if there are any.
// Otherwise rows are counted as img2dataset counts them, which parses CSV. A
// row is bad if its number is uncertain, if the caption that img2dataset stored
// next to the image differs, or if it stored none and ImageNumbering says that
// the number proves nothing.
std::unique_ptr<ImageTextSource> open_tsv_captions(const std::string& path,
                                                   const TsvOptions& options);

}  // namespace gato::ingest

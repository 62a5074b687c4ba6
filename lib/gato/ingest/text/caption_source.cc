#include "gato/ingest/text/caption_source.h"

#include "gato/base/error.h"
#include "gato/ingest/file_extension.h"
#include "gato/ingest/text/coco.h"

namespace gato::ingest {
namespace {

// Returns an empty string if the format is unknown.
std::string detect_format(const std::string& path) {
  if (path == "-" || has_tar_extension(path)) {
    return "webdataset";
  }
  if (strip_compression_extension(path).ends_with(".tsv")) {
    return "tsv";
  }
  if (strip_compression_extension(path).ends_with(".json")) {
    return "coco";
  }
  return "";
}

std::string resolve_format(const std::string& path,
                           const CaptionSourceOptions& options) {
  return options.format == "auto" ? detect_format(path) : options.format;
}

std::filesystem::path resolve_image_root(const std::string& path,
                                         const CaptionSourceOptions& options) {
  return options.image_root.empty() ? std::filesystem::path(path).parent_path()
                                    : options.image_root;
}

}  // namespace

bool has_known_caption_extension(const std::string& path) {
  return path != "-" && !detect_format(path).empty();
}

void announce_captions(const std::string& path,
                       const CaptionSourceOptions& options) {
  if (resolve_format(path, options) != "tsv" || !options.tsv.numbering) {
    return;
  }
  options.tsv.numbering->announce_file(resolve_image_root(path, options));
}

void skip_captions(const std::string& path,
                   const CaptionSourceOptions& options) {
  if (resolve_format(path, options) != "tsv" || !options.tsv.numbering) {
    return;
  }
  options.tsv.numbering->skip_file(resolve_image_root(path, options), path);
}

std::unique_ptr<ImageTextSource> open_captions(
    const std::string& path, const CaptionSourceOptions& options) {
  const std::string format = resolve_format(path, options);
  const std::filesystem::path root = resolve_image_root(path, options);
  if (format == "coco") {
    return open_coco_captions(path, root);
  }
  if (format == "webdataset") {
    return open_webdataset(path, options.webdataset);
  }
  if (format == "tsv") {
    TsvOptions tsv = options.tsv;
    tsv.image_root = root;
    return open_tsv_captions(path, tsv);
  }
  if (path.ends_with(".parquet")) {
    throw base::usage_error(
        "{}: Parquet is not read: use the .tar files of img2dataset "
        "--output_format webdataset, or the .tsv file that it downloaded from "
        "(see share/gato/convert/img2dataset_json.py)",
        path);
  }
  throw base::usage_error(
      "{}: cannot tell the caption format from the file name: pass --format "
      "coco, tsv or webdataset",
      path);
}

}  // namespace gato::ingest

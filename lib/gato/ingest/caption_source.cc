#include "gato/ingest/caption_source.h"

#include "gato/base/error.h"
#include "gato/ingest/coco.h"
#include "gato/ingest/file_name.h"

namespace gato {
namespace {

// Empty where it is unknown.
std::string format_of(const std::string& path) {
  if (path == "-" || is_tar_name(path)) return "webdataset";
  if (without_compression(path).ends_with(".tsv")) return "tsv";
  if (path.ends_with(".json")) return "coco";
  return "";
}

}  // namespace

bool is_caption_name(const std::string& path) {
  return path != "-" && !format_of(path).empty();
}

std::unique_ptr<ImageTextSource> open_captions(const std::string& path,
                                               const CaptionOptions& options) {
  const std::string format =
      options.format == "auto" ? format_of(path) : options.format;
  const std::filesystem::path root =
      options.image_root.empty() ? std::filesystem::path(path).parent_path()
                                 : options.image_root;
  if (format == "coco") return open_coco_captions(path, root);
  if (format == "webdataset") return open_webdataset(path, options.webdataset);
  if (format == "tsv") {
    TsvOptions tsv = options.tsv;
    tsv.image_root = root;
    return open_tsv(path, tsv);
  }
  throw usage_error(
      "{}: the name tells no format of captions; give --format coco, tsv or "
      "webdataset",
      path);
}

}  // namespace gato

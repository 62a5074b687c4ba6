#include "gato/ingest/text/image_numbering.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace gato::ingest {
namespace {

std::filesystem::path normalized(const std::filesystem::path& root) {
  std::error_code error;
  const auto path =
      std::filesystem::weakly_canonical(root.empty() ? "." : root, error);
  return error ? root : path;
}

}  // namespace

ImageNumbering::Root& ImageNumbering::at(const std::filesystem::path& root) {
  std::unique_ptr<Root>& found = roots_[normalized(root)];
  if (found == nullptr) {
    found = std::make_unique<Root>(
        Root{root, ImageUrlIndex(root), 0, {}, {}, {}, false});
    if (!found->urls.empty()) {
      spdlog::info(
          "{}: rows are matched to images by the URLs in {} .json files of "
          "img2dataset",
          root.string(), found->urls.size());
    }
    if (!found->urls.unread_table().empty()) {
      spdlog::warn(
          "{}: Parquet is not read, and there are no .json files beside its "
          "images: they are found by the numbers of the rows, not by their "
          "URLs; share/gato/convert/img2dataset_json.py writes the .json files",
          (root / found->urls.unread_table()).string());
    }
  }
  return *found;
}

void ImageNumbering::skip_file(const std::filesystem::path& root,
                               const std::string& file) {
  Root& numbering = at(root);
  if (!numbering.doubt.empty()) return;
  numbering.doubt = fmt::format(
      "the shard in which the images of this file begin depends on the number "
      "of rows in {}, which another --shard reads",
      file);
}

void ImageNumbering::warn_of_remaining_shards() const {
  for (const auto& [canonical_path, root] : roots_) {
    if (!root->depends_on_numbers) continue;
    const auto next = root->path / fmt::format("{:05}", root->next_shard);
    std::error_code error;
    if (!std::filesystem::is_directory(next, error)) continue;
    spdlog::warn(
        "{}: the inputs end before this shard: if img2dataset downloaded other "
        "files before {}, all rows from its first one on have the images of "
        "other rows; give all files, in the order of their download",
        next.string(), root->first_file);
  }
}

}  // namespace gato::ingest

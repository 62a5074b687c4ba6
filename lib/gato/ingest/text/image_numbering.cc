#include "gato/ingest/text/image_numbering.h"

#include <spdlog/spdlog.h>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"

namespace gato::ingest {
namespace {

std::filesystem::path normalized(const std::filesystem::path& root) {
  std::error_code error;
  const auto path =
      std::filesystem::weakly_canonical(root.empty() ? "." : root, error);
  return error ? root : path;
}

// Returns the first entry of a directory, by name, whose name without its
// extension is a number of `digits` digits and not less than `min_number`;
// empty if there is none.
std::filesystem::path find_numbered_entry(
    const std::filesystem::path& directory, size_t digits, int64_t min_number) {
  std::filesystem::path first;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const std::string stem = entry->path().stem().string();
    if (base::is_digits(stem) && stem.size() == digits &&
        std::stoll(stem) >= min_number &&
        (first.empty() || entry->path() < first)) {
      first = entry->path();
    }
  }
  return first;
}

}  // namespace

void ImageNumbering::announce_file(const std::filesystem::path& root) {
  ++file_counts_[normalized(root)];
}

ImageNumbering::Root& ImageNumbering::at(const std::filesystem::path& root) {
  const std::filesystem::path key = normalized(root);
  std::unique_ptr<Root>& found = roots_[key];
  if (found != nullptr) {
    return *found;
  }
  found =
      std::make_unique<Root>(Root{.path = root, .urls = ImageUrlIndex(root)});
  if (const int64_t files = file_counts_[key];
      files > 1 && !trusts_row_order_) {
    found->order_doubt = fmt::format(
        "its number depends on the order of the {} files with images below {}, "
        "and no file next to the image proves it",
        files, root.string());
  }
  if (!found->urls.empty()) {
    spdlog::info(
        "{}: rows are matched to images by the URLs in {} .json files of "
        "img2dataset",
        root.string(), found->urls.size());
  }
  if (!found->urls.unread_table().empty()) {
    spdlog::warn(
        "{}: Parquet is not read, and there are no .json files next to its "
        "images: they are found by the numbers of the rows, not by their URLs; "
        "share/gato/convert/img2dataset_json.py writes the .json files",
        (root / found->urls.unread_table()).string());
  }
  return *found;
}

void ImageNumbering::skip_file(const std::filesystem::path& root,
                               const std::string& file) {
  Root& numbering = at(root);
  if (!numbering.doubt.empty()) {
    return;
  }
  numbering.doubt = fmt::format(
      "the shard in which the images of this file begin depends on the number "
      "of rows in {}, which another --shard reads",
      file);
}

void ImageNumbering::end_file(Root& root, int64_t rows) const {
  if (rows == 0) {
    return;
  }
  root.next_shard += (rows + kRowsPerShard - 1) / kRowsPerShard;
  if (!root.has_shards || !root.unclaimed_image.empty()) {
    return;
  }
  // The last shard of a file need not be full.
  const int64_t last_shard = root.next_shard - 1;
  const int64_t last_shard_rows = (rows - 1) % kRowsPerShard + 1;
  root.unclaimed_image =
      find_numbered_entry(root.path / fmt::format("{:05}", last_shard), 9,
                          last_shard * kRowsPerShard + last_shard_rows)
          .string();
}

void ImageNumbering::check_unproven_rows() const {
  if (trusts_row_order_) {
    return;
  }
  for (const auto& [canonical_path, root] : roots_) {
    if (root->first_unproven_row.empty()) {
      continue;
    }
    std::string unclaimed = root->unclaimed_image;
    if (root->has_shards && unclaimed.empty()) {
      unclaimed = find_numbered_entry(root->path, 5, root->next_shard).string();
    }
    if (!unclaimed.empty()) {
      throw base::input_error(
          "{}: this and the following rows, whose images are found by the "
          "numbers of the rows alone, may have the images of other rows: {} "
          "belongs to none of the rows, so the files, rows or sizes of shards "
          "may have been different when the images were downloaded: specify "
          "all files in the order of their download, {}, or, if all given rows "
          "have the numbers of their download, pass --trust-row-order",
          root->first_unproven_row, unclaimed, kNumberingAdvice);
    }
    spdlog::warn(
        "{}: from this row on, images are found by the numbers of the rows "
        "alone: no file next to the images in {} proves that the rows are in "
        "the order of their download; confirm it with --trust-row-order",
        root->first_unproven_row, root->path.string());
  }
}

}  // namespace gato::ingest

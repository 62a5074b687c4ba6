// Finds the image file that img2dataset stored for a URL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace gato::ingest {

// An index of a directory that img2dataset filled with --output_format files.
// There, NNNNN/KEY.json next to the image NNNNN/KEY.jpg contains its URL.
// Memory: about 40 bytes per image. URLs are compared by 64-bit hashes.
class ImageUrlIndex {
 public:
  // Reads the .json files next to images in `root` and in its subdirectories
  // whose names are numbers. What cannot be read is left out.
  explicit ImageUrlIndex(const std::filesystem::path& root);

  bool empty() const { return entries_.empty(); }
  int64_t size() const { return std::ssize(entries_); }
  // Returns the path of the image that was downloaded from `url`, relative to
  // the root; empty if there is none. If there are several, returns `preferred`
  // if it is one of them, and otherwise the first by name.
  std::string find(std::string_view url, std::string_view preferred) const;
  // Returns whether the directory of the path, which is relative to the root,
  // contains an image of the index.
  bool covers_folder_of(const std::filesystem::path& path) const;
  // Returns the first NNNNN.parquet of img2dataset in the root next to a
  // directory NNNNN that contains no image of the index; empty if there is
  // none.
  const std::string& unread_table() const { return unread_table_; }

 private:
  struct Entry {
    uint64_t url_hash;
    uint64_t path_offset;  // in paths_
  };
  struct FolderImages;
  static FolderImages read_folder(const std::filesystem::path& root,
                                  const std::filesystem::path& folder);
  void add(const std::filesystem::path& folder, const FolderImages& images);

  std::vector<Entry> entries_;  // sorted by hash, then by name
  std::string paths_;           // terminated by NUL characters
  std::unordered_set<std::string> folders_;
  std::string unread_table_;
};

}  // namespace gato::ingest

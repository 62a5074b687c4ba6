// Directories are read by several threads, because most of the time is spent
// waiting for the file system, and are merged in the order of their names.
#include "gato/ingest/text/image_url_index.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/parse_number.h"
#include "gato/ingest/json_record.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::array kImageExtensions{".jpg", ".png", ".webp", ".jpeg"};
constexpr uintmax_t kMaxJsonBytes = uintmax_t{4} << 20;
constexpr unsigned kMaxThreads = 16;

uint64_t hash_of(std::string_view text) {
  return XXH64(text.data(), text.size(), 0);
}

// Returns the entries of a directory by name; none if it cannot be read.
std::set<std::string> list_folder(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.insert(entry->path().filename().string());
  }
  return names;
}

// Returns the URL that a .json file of img2dataset contains; empty if it does
// not contain any.
std::string stored_url(const fs::path& path) {
  try {
    std::error_code error;
    if (fs::file_size(path, error) > kMaxJsonBytes || error) {
      return "";
    }
    const nlohmann::json object = parse_json_object(base::read_file(path));
    return object.contains("key") ? string_at(object, "url") : "";
  } catch (const base::Error&) {
    return "";
  }
}

}  // namespace

struct ImageUrlIndex::FolderImages {
  std::vector<std::pair<uint64_t, std::string>> paths_by_hash;
};

ImageUrlIndex::FolderImages ImageUrlIndex::read_folder(const fs::path& root,
                                                       const fs::path& folder) {
  const std::set<std::string> names = list_folder(root / folder);
  FolderImages images;
  for (const std::string& name : names) {
    const fs::path json = name;
    const std::string key = json.stem().string();
    if (json.extension() != ".json" || !base::is_digits(key)) {
      continue;
    }
    const auto extension = std::find_if(
        kImageExtensions.begin(), kImageExtensions.end(),
        [&](const char* each) { return names.contains(key + each); });
    if (extension == kImageExtensions.end()) {
      continue;
    }
    const std::string url = stored_url(root / folder / json);
    if (url.empty()) {
      continue;
    }
    images.paths_by_hash.emplace_back(hash_of(url),
                                      (folder / (key + *extension)).string());
  }
  return images;
}

void ImageUrlIndex::add(const fs::path& folder, const FolderImages& images) {
  for (const auto& [hash, path] : images.paths_by_hash) {
    entries_.push_back({hash, paths_.size()});
    paths_ += path;
    paths_ += '\0';
  }
  if (!images.paths_by_hash.empty()) {
    folders_.insert(folder.string());
  }
}

ImageUrlIndex::ImageUrlIndex(const fs::path& root) {
  const std::set<std::string> names = list_folder(root);
  std::vector<fs::path> folders{""};
  for (const std::string& name : names) {
    if (base::is_digits(name)) {
      folders.emplace_back(name);
    }
  }
  std::vector<FolderImages> images(folders.size());
  std::atomic<size_t> next = 0;
  const auto read_folders = [&] {
    for (size_t i = next++; i < folders.size(); i = next++) {
      images[i] = read_folder(root, folders[i]);
    }
  };
  {
    std::vector<std::jthread> threads;
    const size_t count = std::min<size_t>(
        folders.size(),
        std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads));
    for (size_t i = 1; i < count; ++i) {
      threads.emplace_back(read_folders);
    }
    read_folders();
  }
  for (size_t i = 0; i < folders.size(); ++i) {
    add(folders[i], images[i]);
  }
  std::stable_sort(
      entries_.begin(), entries_.end(),
      [](const Entry& a, const Entry& b) { return a.url_hash < b.url_hash; });
  for (const std::string& name : names) {
    const fs::path table = name;
    const std::string folder = table.stem().string();
    if (table.extension() == ".parquet" && base::is_digits(folder) &&
        names.contains(folder) && !folders_.contains(folder)) {
      unread_table_ = name;
      return;
    }
  }
}

std::string ImageUrlIndex::find(std::string_view url,
                                std::string_view preferred) const {
  const uint64_t hash = hash_of(url);
  const auto first =
      std::ranges::lower_bound(entries_, hash, {}, &Entry::url_hash);
  const char* found = "";
  for (auto entry = first; entry != entries_.end() && entry->url_hash == hash;
       ++entry) {
    const char* path = paths_.c_str() + entry->path_offset;
    if (entry == first || path == preferred) {
      found = path;
    }
  }
  return found;
}

bool ImageUrlIndex::covers_folder_of(const fs::path& path) const {
  return folders_.contains(path.parent_path().string());
}

}  // namespace gato::ingest

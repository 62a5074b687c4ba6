#include "gato/base/pointer_file.h"

#include <array>
#include <fstream>
#include <system_error>

#include "gato/base/error.h"

namespace gato::base {
namespace {

namespace fs = std::filesystem;

// Git LFS limits pointer files to 1024 bytes. One of git-annex is a single
// line.
constexpr size_t kMaxPointerBytes = 1024;
constexpr std::string_view kLfsVersion = "version https://git-lfs.github.com/";
constexpr std::string_view kLfsDigest = "\noid sha256:";
constexpr std::string_view kAnnexContent = "/annex/objects/";

constexpr const char* kAnnexDescription =
    "the content of this file is in git-annex and has not been downloaded: run "
    "'git annex get' in its repository";

// Returns true for "/annex/objects/KEY", the content of an unlocked file.
bool is_annex_pointer(std::string_view content) {
  if (content.ends_with('\n')) {
    content.remove_suffix(1);
  }
  return content.starts_with(kAnnexContent) &&
         content.find("--", kAnnexContent.size()) != std::string_view::npos &&
         content.find_first_of(" \n") == std::string_view::npos;
}

// A locked file of git-annex is a link to ".git/annex/objects/KEY".
bool is_dangling_annex_link(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_symlink(fs::symlink_status(path, ignored)) ||
      fs::exists(path, ignored)) {
    return false;
  }
  const std::string target = fs::read_symlink(path, ignored).generic_string();
  return target.find(kAnnexContent) != std::string::npos;
}

}  // namespace

std::string describe_pointer(std::string_view content) {
  if (content.size() > kMaxPointerBytes) {
    return "";
  }
  if (content.starts_with(kLfsVersion) &&
      content.find(kLfsDigest) != std::string_view::npos) {
    return "a Git LFS pointer, not the file itself: run 'git lfs pull' in its "
           "repository";
  }
  return is_annex_pointer(content) ? kAnnexDescription : "";
}

void check_not_pointer(const fs::path& path) {
  if (is_dangling_annex_link(path)) {
    throw io_error("{}: {}", path.string(), kAnnexDescription);
  }
  std::error_code ignored;
  const auto size = fs::is_regular_file(path, ignored)
                        ? fs::file_size(path, ignored)
                        : std::uintmax_t{0};
  if (size == 0 || size > kMaxPointerBytes) {
    return;
  }
  std::ifstream stream(path, std::ios::binary);
  std::array<char, kMaxPointerBytes> content{};
  stream.read(content.data(), content.size());
  const std::string description =
      describe_pointer({content.data(), static_cast<size_t>(stream.gcount())});
  if (!description.empty()) {
    throw io_error("{}: {}", path.string(), description);
  }
}

}  // namespace gato::base

#include "gato/eval/video_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/eval/report_values.h"
#include "gato/ingest/base64.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxVideoBytes = 2 << 20, kMaxTotalBytes = 24 << 20;
constexpr std::array<std::pair<const char*, const char*>, 6> kMediaTypes = {
    {{".png", "image/png"},
     {".apng", "image/apng"},
     {".webp", "image/webp"},
     {".gif", "image/gif"},
     {".mp4", "video/mp4"},
     {".webm", "video/webm"}}};

// Returns the video `stem`.EXTENSION, if there is one.
std::optional<fs::path> find_video(const std::string& stem) {
  for (const auto& [extension, media_type] : kMediaTypes) {
    const fs::path path = stem + extension;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) {
      return path;
    }
  }
  return {};
}

std::string media_type(const fs::path& video) {
  for (const auto& [extension, type] : kMediaTypes) {
    if (video.extension() == extension) {
      return type;
    }
  }
  return "";
}

std::string anchor(size_t index) { return fmt::format("video-{}", index + 1); }

// Returns the element that shows the video at the address.
std::string player_html(const fs::path& video, const std::string& address) {
  const std::string source = escape_html(address);
  return media_type(video).starts_with("video/")
             ? fmt::format("<video src=\"{}\" controls loop muted></video>",
                           source)
             : fmt::format("<img alt=\"\" src=\"{}\">", source);
}

}  // namespace

std::map<std::string, std::string> Videos::links() const {
  std::map<std::string, std::string> links;
  for (const auto& [task, path] : paths) {
    links[task] = fmt::format("#{}", anchor(links.size()));
  }
  return links;
}

Videos find_videos(const ScoreReport& report, const fs::path& directory) {
  Videos videos;
  const auto add = [&videos](const std::string& task, const std::string& stem) {
    if (!videos.paths.contains(task)) {
      if (const auto video = find_video(stem)) {
        videos.paths[task] = *video;
      }
    }
  };
  if (!directory.empty()) {
    for (const TaskScore& task : report.tasks) {
      add(task.task, (directory / task.task).string());
      std::string flat = task.task;
      std::ranges::replace(flat, '/', '-');
      add(task.task, (directory / flat).string());
    }
  }
  for (const ScoredDataset& dataset : report.datasets) {
    std::string stem = dataset.path;
    while (stem.ends_with('/')) {
      stem.pop_back();
    }
    add(dataset.task, stem);
  }
  return videos;
}

HtmlSection video_section(const Videos& videos, const ScoreReport& report) {
  std::string html;
  uintmax_t total = 0;
  size_t index = 0;
  int64_t linked = 0;
  for (const auto& [task, path] : videos.paths) {
    const auto found = std::ranges::find(report.tasks, task, &TaskScore::task);
    const uintmax_t size = fs::file_size(path);
    std::string address = encode_url_path(fs::absolute(path).string());
    if (size <= kMaxVideoBytes && total + size <= kMaxTotalBytes) {
      total += size;
      address = fmt::format("data:{};base64,{}", media_type(path),
                            ingest::encode_base64(base::read_file(path)));
    } else {
      ++linked;
    }
    html += fmt::format(
        "<figure class=\"video\" id=\"{}\">{}<figcaption>{}{}</figcaption>"
        "</figure>\n",
        anchor(index++), player_html(path, address), escape_html(task),
        found != report.tasks.end() && found->score
            ? fmt::format(", score {}%", format_number(found->score, 1))
            : "");
  }
  if (linked > 0) {
    html += fmt::format(
        "<p class=\"note\">{} video{} too large for the page: shown from the "
        "original file, if it exists.</p>\n",
        linked, linked == 1 ? " is" : "s are");
  }
  return {"Videos", "<div class=\"pictures\">\n" + html + "</div>\n"};
}

}  // namespace gato::eval

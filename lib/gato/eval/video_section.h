// Videos of episodes alongside the scores of their tasks.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gato/eval/html_page.h"
#include "gato/eval/score.h"

namespace gato::eval {

// The videos of a report: at most one per task.
struct Videos {
  std::map<std::string, std::filesystem::path> paths;  // by task

  bool empty() const { return paths.empty(); }
  // Returns the address of the video of each task on the page.
  std::map<std::string, std::string> links() const;
};

// Looks for videos, files that end in .png, .apng, .webp, .gif, .mp4 or .webm:
// `directory`/TASK.png, also with '-' for the '/' in the name of the task, or a
// file next to a dataset, DATASET.png. `directory` may be empty.
Videos find_videos(const ScoreReport& report,
                   const std::filesystem::path& directory);

// Returns a section with the videos. They are embedded in the page up to 2 MiB
// each and 24 MiB in total; others are links to the files. Throws Error(io) if
// a video cannot be read.
HtmlSection video_section(const Videos& videos, const ScoreReport& report);

}  // namespace gato::eval

// Films of episodes beside the scores of their tasks.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gato/eval/html_page.h"
#include "gato/eval/score.h"

namespace gato::eval {

// The films of a report: at most one per task.
struct Films {
  std::map<std::string, std::filesystem::path> paths;  // by task

  bool empty() const { return paths.empty(); }
  // Returns the address of the film of each task on the page.
  std::map<std::string, std::string> links() const;
};

// Looks for films, files that end in .png, .apng, .webp, .gif, .mp4 or .webm:
// `directory`/TASK.png, also with '-' for the '/' in the name of the task, or a
// file beside a dataset, DATASET.png. `directory` may be empty.
Films find_films(const ScoreReport& report,
                 const std::filesystem::path& directory);

// Returns a section with the films. They are embedded in the page up to 2 MiB
// each and 24 MiB in total; others are links to the files. Throws Error(io) if
// a film cannot be read.
HtmlSection film_section(const Films& films, const ScoreReport& report);

}  // namespace gato::eval

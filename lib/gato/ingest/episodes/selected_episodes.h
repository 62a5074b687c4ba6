// Some of the episodes of a dataset, listed in a JSON file.
#pragma once

#include <filesystem>
#include <memory>

#include "gato/ingest/episodes/episode_source.h"

namespace gato::ingest {

// Returns whether the path is that of a file whose name ends in ".json".
bool is_episode_list(const std::filesystem::path& path);

// Opens the episodes of a file {"dataset": PATH, "episodes": [NUMBER...]}, such
// as demonstrations.json in a run of gato-finetune, in the order of the list. A
// path that does not exist in the working directory is relative to the file.
// Throws Error(io) if the file or the dataset cannot be read, Error(bad_input)
// if the file is of another form, or if the dataset does not have an episode or
// the list has it twice. Also throws like open_episodes().
std::unique_ptr<EpisodeSource> open_episode_list(
    const std::filesystem::path& path, const EpisodeSourceOptions& options);

}  // namespace gato::ingest

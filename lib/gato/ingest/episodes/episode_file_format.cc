#include "gato/ingest/episodes/episode_file_format.h"

#include <algorithm>
#include <vector>

#include "gato/data/file_format.h"

namespace gato::ingest {

EpisodeFileFormat detect_episode_format(const data::hdf5::Group& root) {
  if (root.is_group("episode_0") || root.has_attribute("minari_version") ||
      root.has_attribute("total_episodes")) {
    return EpisodeFileFormat::minari;
  }
  const auto is_dataset = [&root](const char* name) {
    return root.has(name) && !root.is_group(name);
  };
  if (is_dataset("observations") && is_dataset("actions")) {
    return EpisodeFileFormat::d4rl;
  }
  if (!root.is_group("data")) {
    return EpisodeFileFormat::unknown;
  }
  const data::hdf5::Group data = root.group("data");
  const std::vector<std::string> names = data.child_names();
  if (data.has_attribute("env_args") ||
      std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("demo_");
      })) {
    return EpisodeFileFormat::robomimic;
  }
  return EpisodeFileFormat::unknown;
}

std::string describe_episode_file(const data::hdf5::Group& root) {
  // The kind takes precedence: it identifies the files that gato itself writes.
  if (root.text_attribute("kind")) {
    return data::describe_file_kind(root);
  }
  switch (detect_episode_format(root)) {
    case EpisodeFileFormat::minari:
      return "a Minari dataset";
    case EpisodeFileFormat::d4rl:
      return "a D4RL file";
    case EpisodeFileFormat::robomimic:
      return "a robomimic file";
    case EpisodeFileFormat::unknown:
      break;
  }
  return data::describe_file_kind(root);
}

}  // namespace gato::ingest

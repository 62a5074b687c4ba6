#include "gato/ingest/episode_source.h"

#include "gato/base/error.h"
#include "gato/ingest/minari.h"

namespace gato {

std::unique_ptr<EpisodeSource> open_episodes(
    const std::filesystem::path& path, const EpisodeSourceOptions& options) {
  if (options.format != "auto" && options.format != "minari") {
    throw usage_error("the format \"{}\" is not supported: use auto or minari",
                      options.format);
  }
  return open_minari(path, options);
}

}  // namespace gato

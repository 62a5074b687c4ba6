#include "gato/ingest/episode_source.h"

#include <utility>

#include "gato/base/error.h"
#include "gato/data/format.h"
#include "gato/ingest/d4rl.h"
#include "gato/ingest/minari.h"
#include "gato/ingest/robomimic.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// What is no file of D4RL or robomimic is left to the reader of Minari to
// complain about.
EpisodeFormat format_of(const fs::path& path, const std::string& format) {
  if (format == "minari") return EpisodeFormat::minari;
  if (format == "d4rl") return EpisodeFormat::d4rl;
  if (format == "robomimic") return EpisodeFormat::robomimic;
  if (format != "auto") {
    throw usage_error(
        "the format \"{}\" is not supported: use auto, minari, d4rl or "
        "robomimic",
        format);
  }
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return EpisodeFormat::minari;
  return episode_format_of(hdf5::open_file(path));
}

std::unique_ptr<EpisodeSource> open_as(const fs::path& path,
                                       const EpisodeSourceOptions& options) {
  const EpisodeFormat format = format_of(path, options.format);
  if (format == EpisodeFormat::robomimic) return open_robomimic(path, options);
  if (!options.mask.empty()) {
    throw usage_error("--mask {}: {} is no robomimic file: no other has masks",
                      options.mask, path.string());
  }
  if (format == EpisodeFormat::d4rl) return open_d4rl(path, options);
  return open_minari(path, options);
}

}  // namespace

Episode EpisodeSource::episode(int64_t i) {
  DeferredReads later;
  Episode read = partial_episode(i, later);
  later.run(read);
  return read;
}

std::unique_ptr<EpisodeSource> open_episodes(
    const fs::path& path, const EpisodeSourceOptions& options) {
  auto source = open_as(path, options);
  try {
    check_names(source->spec());
    check_name("source", source->source());
  } catch (const Error& error) {
    throw input_error("{}: {}; give another with --task, --domain or --source",
                      path.string(), error.what());
  }
  return source;
}

}  // namespace gato

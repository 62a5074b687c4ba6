#include "gato/ingest/episodes/episode_source.h"

#include <utility>

#include "gato/base/error.h"
#include "gato/data/recording_file.h"
#include "gato/ingest/episodes/d4rl.h"
#include "gato/ingest/episodes/episode_file_format.h"
#include "gato/ingest/episodes/minari.h"
#include "gato/ingest/episodes/robomimic.h"
#include "gato/ingest/episodes/selected_episodes.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

// Returns minari or unknown for anything that is neither D4RL nor robomimic:
// the Minari reader reports what is wrong with it.
EpisodeFileFormat resolve_format(const fs::path& path,
                                 const std::string& format) {
  if (format == "minari") {
    return EpisodeFileFormat::minari;
  }
  if (format == "d4rl") {
    return EpisodeFileFormat::d4rl;
  }
  if (format == "robomimic") {
    return EpisodeFileFormat::robomimic;
  }
  if (format != "auto") {
    throw base::usage_error(
        "the format \"{}\" is not supported: use auto, minari, d4rl or "
        "robomimic",
        format);
  }
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    return EpisodeFileFormat::minari;
  }
  if (data::is_recording(path)) {
    throw base::input_error(
        "{}: a run of gato-rollout control that was interrupted before it "
        "wrote its datasets: continue it with --resume (gato-info shows the "
        "command)",
        path.string());
  }
  return detect_episode_format(data::hdf5::open_file(path));
}

std::unique_ptr<EpisodeSource> open_by_format(
    const fs::path& path, const EpisodeSourceOptions& options) {
  const EpisodeFileFormat format = resolve_format(path, options.format);
  if (format == EpisodeFileFormat::robomimic) {
    return open_robomimic(path, options);
  }
  if (!options.mask.empty()) {
    throw base::usage_error(
        "--mask {}: {} is not a robomimic file: only those have masks",
        options.mask, path.string());
  }
  if (format == EpisodeFileFormat::d4rl) {
    return open_d4rl(path, options);
  }
  return open_minari(path, options);
}

// Names end up in JSON, which is UTF-8.
void require_utf8_names(const data::TaskSpec& spec, const std::string& agent) {
  for (const auto& [what, name] :
       {std::pair{"task", &spec.name}, std::pair{"domain", &spec.domain},
        std::pair{"environment", &spec.environment},
        std::pair{"source", &agent}}) {
    if (find_invalid_utf8(*name)) {
      throw base::input_error(
          "the name of the {}, \"{}\", is not UTF-8: override it with --task, "
          "--domain or --source",
          what, escape_invalid_utf8(*name));
    }
  }
  for (const auto* fields : {&spec.observation_fields, &spec.action_fields}) {
    for (const data::Field& field : *fields) {
      if (find_invalid_utf8(field.name)) {
        throw base::input_error("the key \"{}\" is not UTF-8: rename it",
                                escape_invalid_utf8(field.name));
      }
    }
  }
}

}  // namespace

data::Episode EpisodeSource::read_episode(int64_t i) {
  DeferredReads deferred;
  data::Episode episode = read_partial_episode(i, deferred);
  deferred.run(episode);
  return episode;
}

std::unique_ptr<EpisodeSource> open_episodes(
    const fs::path& path, const EpisodeSourceOptions& options) {
  if (is_episode_list(path)) {
    return open_episode_list(path, options);
  }
  auto source = open_by_format(path, options);
  try {
    data::require_printable_names(source->spec());
    data::require_printable_name("source", source->agent());
  } catch (const base::Error& error) {
    throw base::input_error(
        "{}: {}: override it with --task, --domain or --source", path.string(),
        error.what());
  }
  base::with_context(path.string(), [&source] {
    require_utf8_names(source->spec(), source->agent());
  });
  return source;
}

}  // namespace gato::ingest

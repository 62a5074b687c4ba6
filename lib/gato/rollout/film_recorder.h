// Films several episodes of a run.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/rollout/film_clip.h"
#include "gato/rollout/policy.h"

namespace gato::rollout {

// Shows the episodes side by side, with their number, time, return and success.
// Episodes must not suffer from being filmed. If the renderer fails, frames are
// missing; if the environment is lost (env::EnvironmentLostError), there is no
// film, and the episode is to be played again without one. May be called from
// several threads if each episode is played by one of them.
class FilmRecorder {
 public:
  // `title` says what is filmed.
  FilmRecorder(std::string title, const std::vector<int64_t>& episodes);

  // Called at each step of any episode. Returns whether the environment must
  // render for add_rendered_frame(). Throws Error(usage) if there is nothing to
  // film.
  bool observe_step(const PolicyInput& input);
  // Adds the frame that the environment has rendered. Returns false if the
  // environment is lost.
  bool add_rendered_frame(const PolicyInput& input);
  // Called when any episode has ended. Returns whether the film is complete
  // now, that is, whether this was the last of the filmed episodes.
  bool end_episode(const data::Episode& episode);

  // Returns the bytes of the film, which is complete, in the format that the
  // name of the file ends in; empty if there is none.
  std::string encode(const std::string& file) const;

 private:
  // Returns the clip of an episode, null if it is not filmed.
  FilmClip* find_clip(int64_t episode);
  // Reports a failure of the renderer, at most once.
  void warn_of_missing_frame(int64_t step, const std::string& problem);

  const std::string title_;
  // The clips by episode. Each is changed only by the thread that plays its
  // episode.
  std::map<int64_t, FilmClip> clips_;
  std::atomic<bool> is_lost_ = false, has_warned_ = false;
  std::atomic<size_t> ended_count_ = 0;
};

// Returns the first image of the observation. Throws Error(usage) if there is
// none.
data::Image observed_frame(const PolicyInput& input);

}  // namespace gato::rollout

// Records a video of several episodes of a run.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/rollout/policy.h"
#include "gato/rollout/video_clip.h"

namespace gato::rollout {

// Shows the episodes side by side, with their number, time, return and success.
// Recording must not affect the episodes. If the renderer fails, frames are
// missing; if the environment is lost (env::EnvironmentLostError), there is no
// video, and the episode must be played again without one. May be called from
// several threads if each episode is played by one of them.
class VideoRecorder {
 public:
  // `title` is drawn above the episodes.
  VideoRecorder(std::string title, const std::vector<int64_t>& episodes);

  // Called at each step of any episode. Returns whether the environment must
  // render for add_rendered_frame(). Throws Error(usage) if there is nothing to
  // record.
  bool observe_step(const PolicyInput& input);
  // Adds the frame that the environment has rendered. Returns false if the
  // environment is lost.
  bool add_rendered_frame(const PolicyInput& input);
  // Called when any episode has ended. Returns whether the video is complete
  // now, that is, whether this was the last of its episodes.
  bool end_episode(const data::Episode& episode);

  // Returns the bytes of the video, which is complete, in the format given by
  // the extension of `file`; empty if there is none.
  std::string encode(const std::string& file) const;

 private:
  // Returns the clip of an episode, null if it is not part of the video.
  VideoClip* find_clip(int64_t episode);
  // Reports a failure of the renderer, at most once.
  void warn_of_missing_frame(int64_t step, const std::string& problem);

  const std::string title_;
  // The clips by episode. Each is changed only by the thread that plays its
  // episode.
  std::map<int64_t, VideoClip> clips_;
  std::atomic<bool> is_lost_ = false, has_warned_ = false;
  std::atomic<size_t> ended_count_ = 0;
};

// Returns the first image of the observation. Throws Error(usage) if there is
// none.
data::Image observed_frame(const PolicyInput& input);

}  // namespace gato::rollout

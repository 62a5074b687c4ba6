// Videos of several episodes side by side.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "gato/data/image.h"
#include "gato/rollout/video_clip.h"

namespace gato::rollout {

// Returns the size of the boxes into which the frames of `count` episodes fit.
int video_box_size(int64_t count);

// Draws the episodes after `step` steps in a grid, with the title above, and
// the number, the time, the return so far and the success of each episode below
// its frame. All frames have the same size.
data::Image draw_video_frame(const std::string& title,
                             const std::map<int64_t, VideoClip>& clips,
                             int64_t step);

}  // namespace gato::rollout

// An episode as a video, with its values below.
#pragma once

#include <cstdint>
#include <string>

#include "gato/data/episode.h"
#include "gato/data/task.h"

namespace gato::eval {

// Returns HTML with a control to move through the steps of an episode: its
// images, texts and values at each step, and charts of its observations,
// actions and rewards. Frames are left out, and then steps at the end, until
// the HTML has about `max_bytes`. The columns of the episode are those of the
// spec.
std::string episode_video(const data::Episode& episode,
                          const data::TaskSpec& spec, int64_t max_bytes);

}  // namespace gato::eval

// Animated image files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gato/data/image.h"

namespace gato::rollout {

// Encodes frames of one size. The animation is played in an endless loop.
class AnimationEncoder {
 public:
  virtual ~AnimationEncoder() = default;
  // Appends a frame. Throws Error(run_failed) if it cannot be encoded.
  virtual void add_frame(const data::Image& frame) = 0;
  // Returns the bytes of the file, in which the last frame is shown for a
  // second. Requires at least one frame. No frame can be added afterwards.
  virtual std::string finish() = 0;
};

// Animated PNG: every browser plays it, and other programs show its first
// frame.
std::unique_ptr<AnimationEncoder> make_png_animation(int frames_per_second);
// Animated WebP: smaller, and nearly as widely supported.
std::unique_ptr<AnimationEncoder> make_webp_animation(int frames_per_second);

// Returns whether the name of a file ends in .png, .apng or .webp.
bool is_animation_name(const std::filesystem::path& file);
// Returns whether `bytes` are a file of the format that the name ends in.
bool has_format_of(const std::filesystem::path& file, const std::string& bytes);
// Returns an encoder of the format that the name ends in.
std::unique_ptr<AnimationEncoder> make_animation(
    const std::filesystem::path& file, int frames_per_second);

}  // namespace gato::rollout

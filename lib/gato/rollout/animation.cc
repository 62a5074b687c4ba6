#include "gato/rollout/animation.h"

namespace gato::rollout {

bool is_animation_name(const std::filesystem::path& file) {
  const std::string extension = file.extension();
  return extension == ".png" || extension == ".apng" || extension == ".webp";
}

bool has_format_of(const std::filesystem::path& file,
                   const std::string& bytes) {
  return bytes.starts_with(file.extension() == ".webp" ? "RIFF" : "\x89PNG");
}

std::unique_ptr<AnimationEncoder> make_animation(
    const std::filesystem::path& file, int frames_per_second) {
  return file.extension() == ".webp" ? make_webp_animation(frames_per_second)
                                     : make_png_animation(frames_per_second);
}

}  // namespace gato::rollout

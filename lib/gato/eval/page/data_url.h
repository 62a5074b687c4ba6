// Images within HTML pages.
#pragma once

#include <string>

#include "gato/data/array.h"
#include "gato/tokenize/image_patches.h"

namespace gato::eval {

// Returns a data URL of the image: a PNG or, if that is larger than
// `max_png_bytes`, a lossy WebP.
std::string image_data_url(const tokenize::ImageView& image,
                           size_t max_png_bytes = 6000);

// Returns the image that a model sees of an array of role image (see
// tokenize::to_image), reduced by averaging so that no side is longer than
// `max_side`.
data::Image shown_image(const data::Array& array, int max_side = 256);

}  // namespace gato::eval

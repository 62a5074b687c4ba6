// Images to 16x16 patches (paper 2.1).
#pragma once

#include "gato/data/episode.h"
#include "gato/data/tokens.h"

namespace gato {

struct Resize {
  int height = 0, width = 0;  // 0: images keep their size
};

// An array that is an image by role, uint8 of rank 2 to 4, as RGB. The smallest
// extent of rank 3 is the channels (ties: the last): 1 channel is grey, 3 are
// RGB, another multiple of 3 a stack of RGB frames, any other number a stack of
// grey frames. [F,H,W,C] is a stack as well. A stack gives its newest, last
// frame. Error (bad_input) for another type, another rank or an empty array.
Image image_of(const Array& array);

// By area, as OpenCV's INTER_AREA.
Image resize_by_area(Image image, const Resize& resize);

// Appends one token a patch in raster order, after padding the right and the
// bottom with zeros to multiples of 16; grows document.images and
// document.patches. Error (bad_input) for an empty image or one of more than
// 32767 patches a side.
void encode_image(const Image& image, TokenizedDocument& document);

}  // namespace gato

// JPEG frames within datasets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gato {

// [H,W], [H,W,1] or [H,W,3] RGB; else Error (bad_input).
void check_frame_shape(const std::vector<int64_t>& shape);

// Decodes to uint8 of that shape at `pixels`. A frame is taken as it is stored,
// as Minari's own reader takes it. Error (bad_input) where it is cut short,
// damaged or of another size.
void decode_jpeg_frame(std::span<const uint8_t> bytes,
                       const std::vector<int64_t>& shape, uint8_t* pixels);

}  // namespace gato

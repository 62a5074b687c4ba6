// JPEG frames within datasets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gato/base/bytes.h"

namespace gato {

// Decodes to uint8 of `shape` ([H,W], [H,W,1] or [H,W,3] RGB), appended to
// `pixels`. A frame is taken as it is stored, as Minari's own reader takes it.
// Error (bad_input) where it is cut short, damaged or of another size; then
// `pixels` is as it was.
void append_jpeg_frame(std::span<const uint8_t> bytes,
                       const std::vector<int64_t>& shape,
                       Bytes& pixels);

}  // namespace gato

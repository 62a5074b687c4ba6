// JPEG frames within datasets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gato {

// Decodes to uint8 of `shape` ([H,W], [H,W,1] or [H,W,3] RGB), appended to
// `pixels`. Error (bad_input) where the frame is cut short, damaged or of
// another size.
void decode_jpeg(std::span<const uint8_t> bytes,
                 const std::vector<int64_t>& shape,
                 std::vector<std::byte>& pixels);

}  // namespace gato

// The forward pass of decoding on a CPU.
#pragma once

#include <cstdint>
#include <memory>

#include "gato/model/decode/decoder.h"
#include "gato/model/decode/packed_network.h"

namespace gato::model {

// Returns empty rings for `slots` slots.
std::unique_ptr<DecoderRings> make_cpu_rings(
    std::shared_ptr<const PackedNetwork> network, int64_t slots);

}  // namespace gato::model

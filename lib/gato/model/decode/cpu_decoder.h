// Decoding on a CPU, by the kernels of decode_kernels.h.
#pragma once

#include <cstdint>
#include <memory>

#include "gato/model/decode/decode_kernels.h"
#include "gato/model/decode/decoder.h"

namespace gato::model {

// See make_decoder(). `kernels` must be supported by the processor.
std::shared_ptr<const Decoder> make_cpu_decoder(
    const Network& network, int64_t capacity,
    const DecodeKernels& kernels = decode_kernels());

}  // namespace gato::model

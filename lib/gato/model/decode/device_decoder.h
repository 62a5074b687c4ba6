// Decoding by operations of ATen, for every device that LibTorch supports.
#pragma once

#include <cstdint>
#include <memory>

#include "gato/model/decode/decoder.h"

namespace gato::model {

// See make_decoder(). Computes in bf16 if the precision of the network is int8.
std::shared_ptr<const Decoder> make_device_decoder(const Network& network,
                                                   int64_t capacity);

}  // namespace gato::model

#include "gato/model/decode/decoder.h"

#include "gato/model/decode/cpu_decoder.h"
#include "gato/model/decode/device_decoder.h"

namespace gato::model {

std::shared_ptr<const Decoder> make_decoder(const Network& network,
                                            int64_t capacity) {
  if (capacity == 0) {
    capacity = network.config().context;
  }
  return network.device().is_cpu() ? make_cpu_decoder(network, capacity)
                                   : make_device_decoder(network, capacity);
}

}  // namespace gato::model

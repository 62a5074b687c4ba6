#include "gato/model/decode/cpu_decoder.h"

#include "gato/model/decode/cpu_rings.h"
#include "gato/model/decode/packed_matrix.h"
#include "gato/model/decode/packed_network.h"

namespace gato::model {
namespace {

class CpuDecoder : public Decoder {
 public:
  CpuDecoder(const Network& network, int64_t capacity,
             const DecodeKernels& kernels)
      : Decoder(network, capacity),
        packed_(std::make_shared<const PackedNetwork>(network, capacity,
                                                      kernels)) {}

  std::unique_ptr<DecoderRings> make_rings(int64_t slots) const override {
    return make_cpu_rings(packed_, slots);
  }
  at::Tensor logits(const at::Tensor& hidden,
                    data::IdRange ids) const override {
    PackedRows rows(packed_->type, packed_->kernels);
    const at::Tensor x = hidden.to(at::kFloat).contiguous();
    rows.resize(x.size(0), x.size(1));
    for_each_row(x.size(0), [&](int64_t row) {
      rows.set(row, x.const_data_ptr<float>() + row * x.size(1));
    });
    const at::Tensor logits =
        at::empty({x.size(0), ids.end - ids.begin}, at::kFloat);
    packed_->table.multiply(rows, ids.begin, ids.end, logits.data_ptr<float>());
    const double scale = packed_->config.logit_scale;
    return scale == 1 ? logits : logits * scale;
  }

 private:
  std::shared_ptr<const PackedNetwork> packed_;
};

}  // namespace

std::shared_ptr<const Decoder> make_cpu_decoder(const Network& network,
                                                int64_t capacity,
                                                const DecodeKernels& kernels) {
  return std::make_shared<const CpuDecoder>(network, capacity, kernels);
}

}  // namespace gato::model

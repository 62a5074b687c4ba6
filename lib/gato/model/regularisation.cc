#include "gato/model/regularisation.h"

#include "gato/base/random.h"

namespace gato {
namespace {

enum class Use : uint64_t { depth = 1, dropout = 2 };

RandomStream stream_of(const Regularisation& regularisation, Use use,
                       int64_t place, int64_t row) {
  return RandomStream(regularisation.seed,
                      {static_cast<uint64_t>(use), regularisation.step,
                       regularisation.first_row + static_cast<uint64_t>(row),
                       static_cast<uint64_t>(place)});
}

}  // namespace

at::Tensor depth_scale(const Regularisation& regularisation, int64_t sub_layer,
                       int64_t rows) {
  const double skip = regularisation.stochastic_depth;
  if (skip <= 0) return {};
  at::Tensor scale = at::empty({rows}, at::kFloat);
  float* values = scale.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    RandomStream stream = stream_of(regularisation, Use::depth, sub_layer, row);
    values[row] =
        stream.uniform() < skip ? 0.0F : static_cast<float>(1 / (1 - skip));
  }
  return scale;
}

at::Tensor drop(const at::Tensor& x, const Regularisation& regularisation,
                int64_t place, int64_t rows) {
  const double probability = regularisation.dropout;
  if (probability <= 0) return x;
  at::Tensor mask = at::empty({rows, x.numel() / rows}, at::kFloat);
  const float kept = static_cast<float>(1 / (1 - probability));
  for (int64_t row = 0; row < rows; ++row) {
    RandomStream stream = stream_of(regularisation, Use::dropout, place, row);
    float* values = mask[row].data_ptr<float>();
    for (int64_t i = 0; i < mask.size(1); ++i)
      values[i] = stream.uniform() < probability ? 0.0F : kept;
  }
  return x * mask.view(x.sizes()).to(x.options());
}

}  // namespace gato

#include "gato/model/regularisation.h"

#include <vector>

#include "gato/base/random.h"
#include "gato/model/random_tensor.h"

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

// fp32 [rows, n]: 0 with the probability, else 1 / (1 - probability).
at::Tensor drop_scales(const Regularisation& regularisation, int64_t place,
                       int64_t rows, int64_t n, at::Device device) {
  const double probability = regularisation.dropout;
  const float kept = static_cast<float>(1 / (1 - probability));
  if (!device.is_cpu()) {
    std::vector<uint64_t> keys;
    for (int64_t row = 0; row < rows; ++row) {
      keys.push_back(stream_of(regularisation, Use::dropout, place, row).key());
    }
    return random_events(keys, n, probability, device)
        .logical_not()
        .to(at::kFloat)
        .mul_(kept);
  }
  at::Tensor scales = at::empty({rows, n}, at::kFloat);
  float* values = scales.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    RandomStream stream = stream_of(regularisation, Use::dropout, place, row);
    for (int64_t i = 0; i < n; ++i)
      *values++ = stream.uniform() < probability ? 0.0F : kept;
  }
  return scales;
}

}  // namespace

at::Tensor depth_scales(const Regularisation& regularisation,
                        int64_t sub_layers, int64_t rows) {
  const double skip = regularisation.stochastic_depth;
  if (skip <= 0) return at::empty({0}, at::kFloat);
  at::Tensor scales = at::empty({sub_layers, rows}, at::kFloat);
  float* values = scales.data_ptr<float>();
  for (int64_t sub_layer = 0; sub_layer < sub_layers; ++sub_layer) {
    for (int64_t row = 0; row < rows; ++row) {
      RandomStream stream =
          stream_of(regularisation, Use::depth, sub_layer, row);
      *values++ =
          stream.uniform() < skip ? 0.0F : static_cast<float>(1 / (1 - skip));
    }
  }
  return scales;
}

at::Tensor drop(const at::Tensor& x, const Regularisation& regularisation,
                int64_t place, const RowTokens& tokens) {
  if (regularisation.dropout <= 0) return x;
  const int64_t n = x.size(1);
  at::Tensor scales = drop_scales(regularisation, place, tokens.rows,
                                  tokens.length * n, x.device())
                          .view({tokens.rows * tokens.length, n});
  if (tokens.chosen.defined()) scales = scales.index_select(0, tokens.chosen);
  return x * scales.to(x.scalar_type());
}

}  // namespace gato

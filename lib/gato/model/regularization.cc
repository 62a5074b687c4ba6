#include "gato/model/regularization.h"

#include <vector>

#include "gato/base/random.h"
#include "gato/model/bernoulli_mask.h"

namespace gato::model {
namespace {

// DO NOT CHANGE THESE VALUES: a resumed run would use different random numbers.
enum class RngPurpose : uint64_t { depth = 1, dropout = 2 };

// Returns the random numbers of one row at one site. The row is identified by
// its index within the step, not within the batch.
base::RandomStream make_rng(const Regularization& regularization,
                            RngPurpose purpose, int64_t site, int64_t row) {
  return base::RandomStream(
      regularization.seed,
      {static_cast<uint64_t>(purpose), regularization.step,
       regularization.first_row + static_cast<uint64_t>(row),
       static_cast<uint64_t>(site)});
}

// Returns fp32 [rows, n]: 0 with probability p = dropout, else 1 / (1 - p). On
// a GPU the same random numbers are computed in bulk.
at::Tensor dropout_scales(const Regularization& regularization, int64_t site,
                          int64_t rows, int64_t n, at::Device device) {
  const double probability = regularization.dropout;
  const float kept_scale = static_cast<float>(1 / (1 - probability));
  if (!device.is_cpu()) {
    std::vector<uint64_t> keys;
    for (int64_t row = 0; row < rows; ++row) {
      keys.push_back(
          make_rng(regularization, RngPurpose::dropout, site, row).key());
    }
    return bernoulli_mask(keys, n, probability, device)
        .logical_not()
        .to(at::kFloat)
        .mul_(kept_scale);
  }
  at::Tensor scales = at::empty({rows, n}, at::kFloat);
  float* values = scales.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    base::RandomStream stream =
        make_rng(regularization, RngPurpose::dropout, site, row);
    for (int64_t i = 0; i < n; ++i) {
      *values++ = stream.uniform() < probability ? 0.0F : kept_scale;
    }
  }
  return scales;
}

}  // namespace

at::Tensor stochastic_depth_scales(const Regularization& regularization,
                                   int64_t sublayers, int64_t rows) {
  const double skip_probability = regularization.stochastic_depth;
  if (skip_probability <= 0) {
    return at::empty({0}, at::kFloat);
  }
  at::Tensor scales = at::empty({sublayers, rows}, at::kFloat);
  float* values = scales.data_ptr<float>();
  for (int64_t sublayer = 0; sublayer < sublayers; ++sublayer) {
    for (int64_t row = 0; row < rows; ++row) {
      base::RandomStream stream =
          make_rng(regularization, RngPurpose::depth, sublayer, row);
      *values++ = stream.uniform() < skip_probability
                      ? 0.0F
                      : static_cast<float>(1 / (1 - skip_probability));
    }
  }
  return scales;
}

at::Tensor apply_dropout(const at::Tensor& x,
                         const Regularization& regularization, int64_t site,
                         const TokenSelection& tokens) {
  if (regularization.dropout <= 0) {
    return x;
  }
  const int64_t n = x.size(1);
  at::Tensor scales = dropout_scales(regularization, site, tokens.rows,
                                     tokens.length * n, x.device())
                          .view({tokens.rows * tokens.length, n});
  if (tokens.indices.defined()) {
    scales = scales.index_select(0, tokens.indices);
  }
  return x * scales.to(x.scalar_type());
}

}  // namespace gato::model

#include "gato/train/muon.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace gato::train {
namespace {

// Returns how many matrices of equal shape a parameter of the network consists
// of, stacked along the rows (weights.h); 0 if Muon does not update it.
int64_t hidden_matrix_count(std::string_view name) {
  if (!name.starts_with("blocks.")) {
    return 0;
  }
  if (name.ends_with("attention.qkv")) {
    return 3;
  }
  if (name.ends_with("feedforward.up")) {
    return 2;
  }
  return name.ends_with("attention.output") ||
                 name.ends_with("attention.relative") ||
                 name.ends_with("feedforward.down")
             ? 1
             : 0;
}

}  // namespace

std::vector<FlatMatrix> hidden_matrices(const model::Network& network) {
  std::vector<FlatMatrix> matrices;
  for (size_t i = 0; i < network.parameters().size(); ++i) {
    const model::Parameter& parameter = network.parameters()[i];
    const int64_t count = hidden_matrix_count(parameter.name);
    for (int64_t j = 0; j < count; ++j) {
      FlatMatrix matrix{network.parameter_offset(i),
                        parameter.value.size(0) / count,
                        parameter.value.size(1)};
      matrix.begin += j * matrix.rows * matrix.columns;
      matrices.push_back(matrix);
    }
  }
  std::ranges::sort(matrices, {}, &FlatMatrix::begin);
  return matrices;
}

// Each iteration applies the odd polynomial a s + b s^3 + c s^5 to the singular
// values s, which the norm brings into [0, 1]. The coefficients are those of
// Jordan et al.: they raise small values as fast as possible, at the cost of
// values that converge only near 1.
at::Tensor orthogonalize(const at::Tensor& matrix) {
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
  constexpr int kIterations = 5;
  constexpr double kEpsilon = 1e-7;  // a gradient of zeros stays zero
  const bool is_tall = matrix.size(0) > matrix.size(1);
  // The products are those of the smaller dimension.
  at::Tensor x = is_tall ? matrix.t() : matrix;
  x = x / (x.norm() + kEpsilon);
  for (int i = 0; i < kIterations; ++i) {
    const at::Tensor square = at::mm(x, x.t());
    const at::Tensor factor =
        at::addmm(square, square, square, /*beta=*/kB, /*alpha=*/kC);
    x = at::addmm(x, factor, x, /*beta=*/kA, /*alpha=*/1);
  }
  return is_tall ? x.t() : x;
}

Muon::Muon(const OptimizerOptions& options, const at::Tensor& parameters,
           int64_t decayed_count, std::vector<FlatMatrix> matrices)
    : AdamW(options, parameters, decayed_count),
      matrices_(std::move(matrices)) {}

void Muon::update(double learning_rate) {
  int64_t next = 0;
  for (const FlatMatrix& matrix : matrices_) {
    update_range({next, matrix.begin}, learning_rate);
    next = matrix.end();
  }
  update_range({next, parameters().numel()}, learning_rate);
  // Every matrix is computed by one thread, so that the result does not depend
  // on the number of threads. A GPU computes them one after another.
  const auto update_matrices = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;
    for (int64_t i = begin; i < end; ++i) {
      update_matrix(matrices_[i], learning_rate);
    }
  };
  const auto count = std::ssize(matrices_);
  if (parameters().is_cpu()) {
    at::parallel_for(0, count, 1, update_matrices);
  } else {
    update_matrices(0, count);
  }
}

// Updates the momentum, m <- mu m + (1 - mu) g for the gradient g, and moves
// the weights against the orthogonalized (1 - mu) g + mu m (Nesterov's
// momentum).
void Muon::update_matrix(const FlatMatrix& matrix, double learning_rate) {
  const auto view = [&](const at::Tensor& buffer) {
    return buffer.narrow(0, matrix.begin, matrix.rows * matrix.columns)
        .view({matrix.rows, matrix.columns});
  };
  at::Tensor weights = view(parameters()),
             momentum = view(state().first_moment);
  const at::Tensor gradient = view(gradients());
  momentum.lerp_(gradient, 1 - options().momentum);
  const at::Tensor direction =
      orthogonalize(gradient.lerp(momentum, options().momentum));
  // Liu et al. 2025, equation 4: an orthogonal matrix has a root mean square of
  // 1 / sqrt(max(rows, columns)), and AdamW's updates have one of about 0.2.
  const double scale =
      0.2 *
      std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
  weights.mul_(1 - learning_rate * options().weight_decay);
  weights.add_(direction, -learning_rate * scale);
}

}  // namespace gato::train

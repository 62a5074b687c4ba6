#include "gato/train/adamw.h"

#include <ATen/Parallel.h>
#include <torch/optim/adamw.h>

#include <cmath>
#include <memory>
#include <vector>

#include "catch.h"
#include "gato/train/flat_buffer.h"

using namespace gato;
using namespace gato::train;

namespace {

at::Tensor gradient(int64_t n, int step) {
  return at::sin(at::arange(n, at::kFloat) * (step + 1));
}

std::unique_ptr<torch::optim::AdamWOptions> reference_options(double decay) {
  return std::make_unique<torch::optim::AdamWOptions>(
      torch::optim::AdamWOptions(0)
          .betas({0.9, 0.95})
          .eps(1e-8)
          .weight_decay(decay));
}

}  // namespace

TEST_CASE(
    "The update equals PyTorch's AdamW, with weight decay on the first part "
    "only") {
  const int64_t decayed_count = 77, size = 100;
  at::Tensor ours = at::linspace(-1, 1, size);
  at::Tensor matrix = ours.narrow(0, 0, decayed_count).clone().requires_grad_();
  at::Tensor bias = ours.narrow(0, decayed_count, size - decayed_count)
                        .clone()
                        .requires_grad_();
  AdamW optimizer({.weight_decay = 0.1, .max_gradient_norm = 0}, ours,
                  decayed_count);
  torch::optim::AdamW reference(std::vector<torch::optim::OptimizerParamGroup>{
      {{matrix}, reference_options(0.1)}, {{bias}, reference_options(0)}});
  for (int step = 0; step < 5; ++step) {
    const double rate = 1e-2 * (step + 1);
    const at::Tensor all = gradient(size, step);
    matrix.mutable_grad() = all.narrow(0, 0, decayed_count).clone();
    bias.mutable_grad() =
        all.narrow(0, decayed_count, size - decayed_count).clone();
    for (auto& group : reference.param_groups()) {
      group.options().set_lr(rate);
    }
    reference.step();
    optimizer.gradients().copy_(all);
    optimizer.step(rate, l2_norm(optimizer.gradients()));
  }
  CHECK(at::allclose(ours, at::cat({matrix, bias}).detach(), 1e-5, 1e-6));
}

TEST_CASE(
    "Gradients above the maximum norm are scaled to it, smaller ones are "
    "kept") {
  AdamW optimizer({.max_gradient_norm = 1}, at::zeros({77}), 77);
  optimizer.gradients().fill_(2);
  const double norm = l2_norm(optimizer.gradients());
  CHECK(norm == Approx(2 * std::sqrt(77.0)));
  optimizer.step(0, norm);
  CHECK(l2_norm(optimizer.gradients()) == Approx(1));
  optimizer.gradients().mul_(0.5);
  optimizer.step(0, l2_norm(optimizer.gradients()));
  CHECK(l2_norm(optimizer.gradients()) == Approx(0.5));
}

TEST_CASE("The norm does not depend on the number of threads") {
  const at::Tensor values = at::sin(at::arange(300000, at::kFloat));
  at::set_num_threads(1);
  const double one = l2_norm(values);
  at::set_num_threads(2);
  const double two = l2_norm(values);
  at::set_num_threads(1);
  CHECK(one == two);
  CHECK(one == Approx(values.norm().item<float>()));
}

TEST_CASE("A single non-finite value makes the norm non-finite") {
  at::Tensor values = at::zeros({100000});
  values[77777] = std::nan("");
  CHECK(std::isnan(l2_norm(values)));
  values[77777] = INFINITY;
  CHECK(std::isinf(l2_norm(values)));
}

#include "gato/model/loss.h"

#include <ATen/ATen.h>

#include <cmath>

#include "catch.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

// Computes the loss by its definition: the sum of weight x cross entropy.
at::Tensor plain_loss(const at::Tensor& hidden, const at::Tensor& table,
                      const Batch& batch, const ModelConfig& config,
                      double smoothing) {
  const at::Tensor log_probs =
      at::log_softmax(at::matmul(hidden, table.t()) * config.logit_scale, 1);
  at::Tensor distribution = at::zeros_like(log_probs);
  for (int64_t i = 0; i < hidden.size(0); ++i) {
    const int64_t label = batch.target_label[i].item<int64_t>();
    const bool is_smoothed =
        smoothing > 0 &&
        batch.target_modality[i].item<int64_t>() ==
            static_cast<int64_t>(data::Modality::continuous_action);
    if (!is_smoothed) {
      distribution[i][label] = 1;
      continue;
    }
    const int64_t begin = config.vocabulary.continuous_begin();
    for (int64_t bin = 0; bin < data::Vocabulary::kBinCount; ++bin) {
      const double distance = (bin - (label - begin)) / smoothing;
      distribution[i][begin + bin] = std::exp(-0.5 * distance * distance);
    }
    distribution[i] /= distribution[i].sum().item<double>();
  }
  return -((distribution * log_probs).sum(1) * batch.target_weight).sum();
}

}  // namespace

TEST_CASE("Loss and gradients equal those of plain operations") {
  const double smoothing = GENERATE(0.0, 8.0);
  ModelConfig config = test::tiny_config(PositionEncoding::rotary);
  config.logit_scale = 0.5;
  const int32_t begin = config.vocabulary.continuous_begin();
  Batch batch;
  batch.target_label = at::tensor(
      std::vector<int64_t>{3, begin, begin + 5, begin + 1023, begin + 500, 8},
      at::kLong);
  batch.target_modality =
      at::tensor(std::vector<int64_t>{1, 7, 7, 7, 7, 6}, at::kLong)
          .to(at::kByte);
  batch.target_weight = at::linspace(0.5, 2, 6);
  at::Tensor hidden = at::linspace(-1, 1, 6 * 16).sin().view({6, 16}) * 3;
  at::Tensor table =
      (at::arange(config.vocabulary.size() * 16, at::kFloat) * 1.7)
          .sin()
          .view({-1, 16});
  hidden.requires_grad_(true);
  table.requires_grad_(true);

  const at::Tensor expected =
      plain_loss(hidden, table, batch, config, smoothing);
  expected.backward();
  const at::Tensor hidden_gradient = hidden.grad().clone();
  const at::Tensor table_gradient = table.grad().clone();
  hidden.mutable_grad().reset();
  table.mutable_grad().reset();

  const Loss loss = target_loss(hidden, table, batch, config, {smoothing});
  (loss.total * 2).backward();
  CHECK(loss.total.item<double>() == Approx(expected.item<double>()));
  CHECK((loss.per_target * batch.target_weight).sum().item<double>() ==
        Approx(expected.item<double>()));
  CHECK(at::allclose(hidden.grad(), 2 * hidden_gradient, 1e-4, 1e-5));
  CHECK(at::allclose(table.grad(), 2 * table_gradient, 1e-4, 1e-5));
}

}  // namespace gato::model

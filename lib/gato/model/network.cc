#include "gato/model/network.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/model/block.h"
#include "gato/model/block_checkpoint.h"
#include "gato/model/embedding.h"
#include "gato/model/loss.h"
#include "gato/model/regularisation.h"
#include "gato/model/weights.h"

namespace gato {
namespace {

// Of a leaf: takes its gradient away when it is there.
class Taken : public torch::autograd::PostAccumulateGradHook {
 public:
  Taken(const TakeGradient& take, size_t parameter)
      : take_(take), parameter_(parameter) {}
  void operator()(const at::Tensor& leaf) override {
    take_(parameter_, std::exchange(leaf.mutable_grad(), {}));
  }

 private:
  const TakeGradient& take_;
  const size_t parameter_;
};

}  // namespace

Network::Network(const ModelConfig& config, uint64_t seed,
                 const Initialisation& initialisation)
    : config_(config) {
  config_.validate();
  allocate();
  initialise(parameters_, config_, seed, initialisation);
}

Network::Network(const ModelConfig& config,
                 const std::map<std::string, at::Tensor>& weights)
    : config_(config) {
  config_.validate();
  allocate();
  const at::NoGradGuard no_grad;
  for (Parameter& parameter : parameters_) {
    const auto found = weights.find(parameter.name);
    if (found == weights.end())
      throw input_error("the tensor {} is missing", parameter.name);
    const at::Tensor& given = found->second;
    if (given.scalar_type() != at::kFloat)
      throw input_error("the tensor {} is {}, not fp32", parameter.name,
                        at::toString(given.scalar_type()));
    if (given.sizes() != parameter.value.sizes())
      throw input_error(
          "the tensor {} has the shape {}: the configuration asks for {}",
          parameter.name, fmt::join(given.sizes(), "x"),
          fmt::join(parameter.value.sizes(), "x"));
    parameter.value.copy_(given);
  }
  if (weights.size() == parameters_.size()) return;
  std::set<std::string> known;
  for (const Parameter& parameter : parameters_) known.insert(parameter.name);
  for (const auto& [name, tensor] : weights)
    if (!known.contains(name))
      throw input_error("the tensor {} is none of this network's", name);
}

void Network::allocate() {
  const auto shapes = parameter_shapes(config_);
  offsets_.resize(shapes.size());
  int64_t next = 0;
  for (const bool decays : {true, false}) {
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i].decays != decays) continue;
      offsets_[i] = next;
      next += element_count(shapes[i].shape);
    }
    if (decays) decaying_count_ = next;
  }
  flat_ = at::zeros({next}, at::kFloat);
  make_views();
}

void Network::make_views() {
  const auto shapes = parameter_shapes(config_);
  parameters_.clear();
  for (size_t i = 0; i < shapes.size(); ++i) {
    parameters_.push_back(
        {shapes[i].name,
         flat_.narrow(0, offsets_[i], element_count(shapes[i].shape))
             .view(shapes[i].shape),
         shapes[i].decays});
  }
}

void Network::move_to(at::Device device) {
  flat_ = flat_.to(device);
  make_views();
}

std::unique_ptr<Network> Network::copy_on_cpu() const {
  std::unique_ptr<Network> copy(new Network(config_));
  copy->offsets_ = offsets_;
  copy->decaying_count_ = decaying_count_;
  copy->flat_ = flat_.detach().to(at::kCPU, /*non_blocking=*/false,
                                  /*copy=*/true);
  copy->make_views();
  return copy;
}

at::Tensor Network::run_blocks(const Weights& weights, const Batch& batch,
                               const Regularisation& regularisation,
                               const at::Tensor& last_places) const {
  at::Tensor x = embed(weights, batch);
  const auto input = std::make_shared<const BlockInput>(BlockInput{
      .config = config_,
      .positions = RowPositions(config_, batch.length, weights.output),
      .regularisation = regularisation,
      .depth = depth_scales(regularisation, 2 * config_.layers, batch.rows)
                   .to(x.device(), /*non_blocking=*/true),
      .rows = batch.rows,
      .last_places = last_places});
  const bool checkpoints = checkpoints_blocks_ && x.requires_grad();
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const BlockWeights block = weights.block(layer);
    x = checkpoints ? apply_block_checkpointed(x, block, input, layer)
                    : apply_block(x, block, *input, layer);
  }
  return x;
}

at::Tensor Network::hidden(const Batch& batch,
                           const Regularisation& regularisation) const {
  const Weights weights(*this);
  return normalise(run_blocks(weights, batch, regularisation, {}),
                   weights.output_norm, weights.output.scalar_type());
}

at::Tensor Network::logits(const at::Tensor& hidden) const {
  return logits(hidden, {0, config_.vocabulary.size()});
}

at::Tensor Network::logits(const at::Tensor& hidden, IdRange ids) const {
  const at::Tensor table =
      parameters_[0].value.narrow(0, ids.begin, ids.end - ids.begin);
  return at::linear(hidden.to(at::kFloat), table) * config_.logit_scale;
}

Loss Network::loss(const Batch& batch, const Regularisation& regularisation,
                   const LossOptions& options) const {
  std::vector<at::Tensor> leaves;
  for (const Parameter& parameter : parameters_) {
    leaves.push_back(
        parameter.value.detach().requires_grad_(at::GradMode::is_enabled()));
  }
  const Weights weights(*this, leaves);
  const at::Tensor at_targets =
      normalise(run_blocks(weights, batch, regularisation,
                           padded_places(batch.target_place)),
                weights.output_norm, weights.output.scalar_type())
          .narrow(0, 0, batch.target_place.size(0));
  Loss loss = target_loss(at_targets, weights.output, batch, config_, options);
  if (at::GradMode::is_enabled()) loss.leaves = std::move(leaves);
  return loss;
}

void Network::backward(const Loss& loss, const TakeGradient& take) const {
  for (size_t i = 0; i < loss.leaves.size(); ++i) {
    torch::autograd::impl::set_post_acc_grad_hooks(
        loss.leaves[i], std::make_unique<Taken>(take, i));
  }
  torch::autograd::backward({loss.total});
}

std::vector<at::Tensor> Network::gradients(const Loss& loss) const {
  std::vector<at::Tensor> gradients(parameters_.size());
  backward(loss, [&](size_t i, at::Tensor gradient) {
    gradients[i] = std::move(gradient);
  });
  return gradients;
}

}  // namespace gato

// Parameters are views of one flat buffer, so that the optimizer and the
// gradient reduction work on a single tensor. The views carry no graph. loss()
// makes detached aliases of them that do (the leaves of the graph), so several
// threads can differentiate the same network. A hook on each leaf moves its
// gradient to the caller as soon as it is complete; it is never stored.
#include "gato/model/network.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/model/activation_checkpoint.h"
#include "gato/model/block.h"
#include "gato/model/embedding.h"
#include "gato/model/loss.h"
#include "gato/model/regularization.h"
#include "gato/model/weights.h"

namespace gato::model {
namespace {

// Moves the gradient of a leaf to the callback once it is complete.
class GradientHook : public torch::autograd::PostAccumulateGradHook {
 public:
  GradientHook(const GradientCallback& on_gradient, size_t parameter_index)
      : on_gradient_(on_gradient), parameter_index_(parameter_index) {}
  void operator()(const at::Tensor& leaf) override {
    on_gradient_(parameter_index_, std::exchange(leaf.mutable_grad(), {}));
  }

 private:
  const GradientCallback& on_gradient_;
  const size_t parameter_index_;
};

bool is_weight_type(at::ScalarType type) {
  return type == at::kFloat || type == at::kHalf || type == at::kBFloat16;
}

}  // namespace

Network::Network(const ModelConfig& config, uint64_t seed,
                 const Initialization& initialization)
    : config_(config) {
  config_.validate();
  allocate();
  initialize(parameters_, config_, seed, initialization);
}

Network::Network(const ModelConfig& config,
                 const std::map<std::string, at::Tensor>& weights)
    : config_(config) {
  config_.validate();
  allocate();
  const at::NoGradGuard no_grad;
  for (Parameter& parameter : parameters_) {
    const auto found = weights.find(parameter.name);
    if (found == weights.end()) {
      throw base::input_error("the tensor {} is missing", parameter.name);
    }
    const at::Tensor& weight = found->second;
    if (!is_weight_type(weight.scalar_type())) {
      throw base::input_error(
          "the tensor {} is {}: weights are fp32, fp16 or bf16", parameter.name,
          at::toString(weight.scalar_type()));
    }
    if (weight.sizes() != parameter.value.sizes()) {
      throw base::input_error(
          "the tensor {} has the shape {}, but the configuration requires {}",
          parameter.name, fmt::join(weight.sizes(), "x"),
          fmt::join(parameter.value.sizes(), "x"));
    }
    parameter.value.copy_(weight);
    if (!at::isfinite(parameter.value).all().item<bool>()) {
      throw base::input_error(
          "the tensor {} contains a NaN or an infinity{}", parameter.name,
          weight.scalar_type() == at::kHalf
              ? ": the largest fp16 value is 65504, so convert it to bf16"
              : "");
    }
  }
  if (weights.size() == parameters_.size()) {
    return;
  }
  std::set<std::string> known;
  for (const Parameter& parameter : parameters_) {
    known.insert(parameter.name);
  }
  for (const auto& [name, tensor] : weights) {
    if (!known.contains(name)) {
      throw base::input_error(
          "unexpected tensor {}: the network has none of this name", name);
    }
  }
}

// Assigns offsets in two passes: first to the parameters with weight decay,
// which become one slice of the buffer, then to the others.
void Network::allocate() {
  const auto shapes = parameter_shapes(config_);
  parameter_offsets_.resize(shapes.size());
  int64_t next = 0;
  for (const bool decays : {true, false}) {
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i].has_weight_decay != decays) {
        continue;
      }
      parameter_offsets_[i] = next;
      next += data::element_count(shapes[i].shape);
    }
    if (decays) {
      decayed_parameter_count_ = next;
    }
  }
  flat_parameters_ = at::zeros({next}, at::kFloat);
  create_views();
}

void Network::create_views() {
  const auto shapes = parameter_shapes(config_);
  parameters_.clear();
  for (size_t i = 0; i < shapes.size(); ++i) {
    parameters_.push_back({shapes[i].name,
                           flat_parameters_
                               .narrow(0, parameter_offsets_[i],
                                       data::element_count(shapes[i].shape))
                               .view(shapes[i].shape),
                           shapes[i].has_weight_decay});
  }
}

void Network::move_to(at::Device device) {
  flat_parameters_ = flat_parameters_.to(device);
  create_views();
}

std::unique_ptr<Network> Network::clone_to_cpu() const {
  std::unique_ptr<Network> copy(new Network(config_));
  copy->parameter_offsets_ = parameter_offsets_;
  copy->decayed_parameter_count_ = decayed_parameter_count_;
  copy->flat_parameters_ =
      flat_parameters_.detach().to(at::kCPU, /*non_blocking=*/false,
                                   /*copy=*/true);
  copy->create_views();
  return copy;
}

at::Tensor Network::run_blocks(const NetworkWeights& weights,
                               const Batch& batch,
                               const Regularization& regularization,
                               const at::Tensor& output_indices) const {
  at::Tensor x = embed_tokens(weights, batch);
  const auto context = std::make_shared<const BlockContext>(BlockContext{
      .config = config_,
      .positions =
          PositionTables(config_, batch.length, weights.output_projection,
                         config_.document_mask ? batch.segment : at::Tensor()),
      .regularization = regularization,
      .depth_scales = stochastic_depth_scales(regularization,
                                              2 * config_.layers, batch.rows)
                          .to(x.device(), /*non_blocking=*/true),
      .rows = batch.rows,
      .output_indices = output_indices});
  const bool uses_checkpointing =
      uses_activation_checkpointing_ && x.requires_grad();
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const BlockWeights block = weights.block(layer);
    x = uses_checkpointing ? apply_block_checkpointed(x, block, context, layer)
                           : apply_block(x, block, *context, layer);
  }
  return x;
}

at::Tensor Network::hidden_states(const Batch& batch,
                                  const Regularization& regularization) const {
  const NetworkWeights weights(*this);
  return layer_norm(run_blocks(weights, batch, regularization, {}),
                    weights.output_norm,
                    weights.output_projection.scalar_type());
}

at::Tensor Network::logits(const at::Tensor& hidden) const {
  return logits(hidden, {0, config_.vocabulary.size()});
}

at::Tensor Network::logits(const at::Tensor& hidden, data::IdRange ids) const {
  const at::Tensor table =
      parameters_[0].value.narrow(0, ids.begin, ids.end - ids.begin);
  return at::linear(hidden.to(at::kFloat), table) * config_.logit_scale;
}

Loss Network::loss(const Batch& batch, const Regularization& regularization,
                   const LossOptions& options) const {
  std::vector<at::Tensor> leaves;
  for (const Parameter& parameter : parameters_) {
    leaves.push_back(
        parameter.value.detach().requires_grad_(at::GradMode::is_enabled()));
  }
  const NetworkWeights weights(*this, leaves);
  // The last block computes only the tokens before a target, with padding that
  // is removed after the norm.
  const at::Tensor target_hidden =
      layer_norm(run_blocks(weights, batch, regularization,
                            pad_target_indices(batch.target_index)),
                 weights.output_norm, weights.output_projection.scalar_type())
          .narrow(0, 0, batch.target_index.size(0));
  Loss loss = target_loss(target_hidden, weights.output_projection, batch,
                          config_, options);
  if (at::GradMode::is_enabled()) {
    loss.leaves = std::move(leaves);
  }
  return loss;
}

void Network::backward(const Loss& loss,
                       const GradientCallback& on_gradient) const {
  for (size_t i = 0; i < loss.leaves.size(); ++i) {
    torch::autograd::impl::set_post_acc_grad_hooks(
        loss.leaves[i], std::make_unique<GradientHook>(on_gradient, i));
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

}  // namespace gato::model

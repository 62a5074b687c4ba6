// The forward pass of CheckpointedBlock runs the block without a graph and
// saves its input and weights. The backward pass runs it again on detached
// copies with a graph and differentiates that graph.
#include "gato/model/activation_checkpoint.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <array>
#include <tuple>
#include <utility>
#include <vector>

namespace gato::model {
namespace {

// The arguments of a block that are not tensors, in a form that an autograd
// context can store.
struct BlockCall : torch::CustomClassHolder {
  std::shared_ptr<const BlockContext> context;
  int64_t layer = 0;
};

// Inverts BlockWeights::for_each_tensor() for the tensors from list[first] on.
BlockWeights unflatten_weights(const std::vector<at::Tensor>& list,
                               size_t first) {
  BlockWeights weights;
  BlockWeights::for_each_tensor(
      weights, [&](at::Tensor& tensor) { tensor = list[first++]; });
  return weights;
}

at::Tensor run_block(const at::Tensor& x, const BlockWeights& weights,
                     const BlockCall& call) {
  return apply_block(x, weights, *call.context, call.layer);
}

class CheckpointedBlock : public torch::autograd::Function<CheckpointedBlock> {
 public:
  // Autograd finds the tensors among the arguments, but not those in lists:
  // hence one argument per weight.
  template <class... Tensors>
  static at::Tensor forward(torch::autograd::AutogradContext* context,
                            const c10::intrusive_ptr<BlockCall>& call,
                            const at::Tensor& x, const Tensors&... weights) {
    context->save_for_backward({x, weights...});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return run_block(x, unflatten_weights({weights...}, 0), *call);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context,
      const torch::autograd::variable_list& gradients) {
    const auto capsule = context->saved_data["call"].toCapsule();
    // Empty tensors stand for undefined weights, which have no gradient.
    std::vector<at::Tensor> leaves, inputs;
    for (const at::Tensor& saved : context->get_saved_variables()) {
      leaves.push_back(saved.detach());
      if (saved.numel() > 0) {
        inputs.push_back(leaves.back().requires_grad_(true));
      }
    }
    torch::autograd::variable_list input_gradients;
    {
      const c10::AutoGradMode with_gradient(true);
      const at::Tensor y = run_block(leaves[0], unflatten_weights(leaves, 1),
                                     static_cast<const BlockCall&>(*capsule));
      input_gradients =
          torch::autograd::grad({y}, inputs, gradients, std::nullopt, false,
                                /*allow_unused=*/true);
    }
    // One gradient per argument of forward(), undefined for the call itself.
    torch::autograd::variable_list result(1);
    size_t next = 0;
    for (const at::Tensor& leaf : leaves) {
      result.push_back(leaf.requires_grad() ? input_gradients[next++]
                                            : at::Tensor());
    }
    return result;
  }
};

}  // namespace

at::Tensor apply_block_checkpointed(const at::Tensor& x,
                                    const BlockWeights& weights,
                                    std::shared_ptr<const BlockContext> context,
                                    int64_t layer) {
  std::array<at::Tensor, BlockWeights::kTensorCount> flattened;
  size_t next = 0;
  // Autograd does not accept undefined arguments: they become empty tensors.
  BlockWeights::for_each_tensor(weights, [&](const at::Tensor& tensor) {
    flattened[next++] = tensor.defined() ? tensor : at::empty({0}, x.options());
  });
  auto call = c10::make_intrusive<BlockCall>();
  call->context = std::move(context);
  call->layer = layer;
  return std::apply(
      [&](const auto&... tensors) {
        return CheckpointedBlock::apply(call, x, tensors...);
      },
      flattened);
}

}  // namespace gato::model

#include "gato/model/block_checkpoint.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <array>
#include <tuple>
#include <utility>
#include <vector>

namespace gato {
namespace {

// How the context of a function holds it.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<const BlockInput> input;
  int64_t layer = 0;
};

BlockWeights weights_of(const std::vector<at::Tensor>& list, size_t first) {
  BlockWeights weights;
  BlockWeights::each(weights,
                     [&](at::Tensor& tensor) { tensor = list[first++]; });
  return weights;
}

at::Tensor compute(const at::Tensor& x, const BlockWeights& weights,
                   const Call& call) {
  return apply_block(x, weights, *call.input, call.layer);
}

class Checkpoint : public torch::autograd::Function<Checkpoint> {
 public:
  // The graph knows the tensors among the arguments, not those in lists.
  template <class... Tensors>
  static at::Tensor forward(torch::autograd::AutogradContext* context,
                            const c10::intrusive_ptr<Call>& call,
                            const at::Tensor& x, const Tensors&... weights) {
    context->save_for_backward({x, weights...});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return compute(x, weights_of({weights...}, 0), *call);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context,
      const torch::autograd::variable_list& gradients) {
    const auto capsule = context->saved_data["call"].toCapsule();
    std::vector<at::Tensor> leaves, inputs;
    for (const at::Tensor& kept : context->get_saved_variables()) {
      leaves.push_back(kept.detach());
      if (kept.numel() > 0)
        inputs.push_back(leaves.back().requires_grad_(true));
    }
    torch::autograd::variable_list found;
    {
      const c10::AutoGradMode with_gradient(true);
      const at::Tensor y = compute(leaves[0], weights_of(leaves, 1),
                                   static_cast<const Call&>(*capsule));
      found = torch::autograd::grad({y}, inputs, gradients, std::nullopt, false,
                                    /*allow_unused=*/true);
    }
    // One for every argument of forward(), in their order.
    torch::autograd::variable_list result(1);
    size_t next = 0;
    for (const at::Tensor& leaf : leaves)
      result.push_back(leaf.requires_grad() ? found[next++] : at::Tensor());
    return result;
  }
};

}  // namespace

at::Tensor apply_block_checkpointed(const at::Tensor& x,
                                    const BlockWeights& weights,
                                    std::shared_ptr<const BlockInput> input,
                                    int64_t layer) {
  std::array<at::Tensor, BlockWeights::count> list;
  size_t next = 0;
  // The graph takes no undefined ones.
  BlockWeights::each(weights, [&](const at::Tensor& tensor) {
    list[next++] = tensor.defined() ? tensor : at::empty({0}, x.options());
  });
  auto call = c10::make_intrusive<Call>();
  call->input = std::move(input);
  call->layer = layer;
  return std::apply(
      [&](const auto&... tensors) {
        return Checkpoint::apply(call, x, tensors...);
      },
      list);
}

}  // namespace gato

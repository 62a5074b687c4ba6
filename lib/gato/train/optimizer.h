// The common parts of all optimizers: flat buffers, clipping of the gradient,
// and the state that a checkpoint stores.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "gato/model/network.h"
#include "gato/train/flat_buffer.h"

namespace gato::train {

enum class OptimizerKind { adamw, muon };

// The hyperparameters of all optimizers. The defaults are those of the paper
// for pre-training (Reed et al. 2022, appendix D).
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;  // of AdamW
  double momentum = 0.95;                            // of Muon
  double weight_decay = 0.1;                         // AdamW without it is Adam
  double max_gradient_norm = 1;  // gradients above it are clipped; 0: no limit
};

// The state of an optimizer for the values in `slice`. Each optimizer's header
// documents its moments.
struct OptimizerState {
  FlatSlice slice;
  at::Tensor first_moment, second_moment;  // fp32 [slice.size()]
  int64_t updates = 0;                     // steps taken so far
};

class Optimizer {
 public:
  // Updates `parameters`, fp32 [n], in place, but only the values in `slice`;
  // all of them if it is absent.
  Optimizer(const OptimizerOptions& options, const at::Tensor& parameters,
            std::optional<FlatSlice> slice);
  virtual ~Optimizer() = default;

  // Clips gradients() to max_gradient_norm (Pascanu et al. 2013), given their
  // norm, and takes one step. Clipping scales the gradients of the slice in
  // place.
  void step(double learning_rate, double gradient_norm);

  const FlatSlice& slice() const { return state_.slice; }
  const at::Tensor& parameters() const { return parameters_; }
  // Returns the gradients of the next step, fp32 [n], laid out like the
  // parameters.
  at::Tensor& gradients() { return gradients_; }
  OptimizerState& state() { return state_; }

 protected:
  // Updates the parameters of the slice. state().updates includes this step.
  virtual void update(double learning_rate) = 0;

  const OptimizerOptions& options() const { return options_; }

 private:
  OptimizerOptions options_;
  at::Tensor parameters_, gradients_;
  OptimizerState state_;
};

// Returns the optimizer of options.kind for the network's flat_parameters().
// Throws Error(usage) if it cannot update a part of them, as Muon cannot.
std::unique_ptr<Optimizer> make_optimizer(
    const OptimizerOptions& options, const model::Network& network,
    std::optional<FlatSlice> slice = std::nullopt);

}  // namespace gato::train

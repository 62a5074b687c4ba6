// The decoder-only transformer of the paper (2.2, appendix C): embeddings,
// blocks, tied output matrix.
//
// All functions are const and may run at the same time in several threads.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gato/model/batch.h"
#include "gato/model/model_config.h"
#include "gato/model/parameters.h"
#include "gato/model/precision.h"
#include "gato/tokenize/field_codec.h"

namespace gato::model {

// How the sub-layers of this step are skipped or dropped. Chance is drawn by
// counter from (seed, step, row, sub-layer, place).
struct Regularization {
  double stochastic_depth = 0;  // probability a sub-layer and row (App. D)
  double dropout = 0;           // residual and feed-forward
  uint64_t seed = 0, step = 0;
  uint64_t first_row = 0;  // number of the batch's first row within the step
};

struct LossOptions {
  // Standard deviation in bins of the Gaussian that the target of a continuous
  // value is spread with, cut off at the range ends; 0: one bin.
  double smoothing = 0;
};

struct Loss {
  at::Tensor total;  // scalar: sum of weight x cross entropy; differentiable
  at::Tensor per_target;  // fp32 [T]: cross entropy of each target, no gradient
  // The parameters as its graph knows them, of the same memory as those of the
  // network; empty where there is no graph (at::NoGradGuard).
  std::vector<at::Tensor> leaves;
};

// Takes the gradient of parameters()[i].
using GradientCallback = std::function<void(size_t i, at::Tensor gradient)>;

class NetworkWeights;

class Network {
 public:
  // Fresh weights.
  Network(const ModelConfig& config, uint64_t seed,
          const Initialization& initialization = {});
  // Given weights: copies. Error (bad_input) names a tensor that is missing,
  // unknown, of another shape or not fp32.
  Network(const ModelConfig& config,
          const std::map<std::string, at::Tensor>& weights);

  const ModelConfig& config() const { return config_; }
  Precision precision() const { return precision_; }
  void set_precision(Precision precision) { precision_ = precision; }

  // Where the weights are and everything is computed; the CPU at first. Moving
  // makes parameters() and flat() anew.
  at::Device device() const { return flat_parameters_.device(); }
  void move_to(at::Device device);

  // With the same weights and nothing shared.
  std::unique_ptr<Network> clone_to_cpu() const;

  // Whether training keeps the input of each block alone and computes the block
  // once more in the backward pass.
  void set_activation_checkpointing(bool on) {
    uses_activation_checkpointing_ = on;
  }

  // In the order of the file. Each is a view of flat().
  const std::vector<Parameter>& parameters() const { return parameters_; }
  // All parameters in one fp32 buffer, those under weight decay first; update
  // them here, in place, without a gradient. The view of parameters()[i] starts
  // at offset(i).
  const at::Tensor& flat_parameters() const { return flat_parameters_; }
  int64_t parameter_offset(size_t parameter) const {
    return parameter_offsets_[parameter];
  }
  int64_t decayed_parameter_count() const { return decayed_parameter_count_; }
  int64_t parameter_count() const { return flat_parameters_.numel(); }

  // Hidden states [B*L, d] after output_norm.
  at::Tensor hidden_states(const Batch& batch,
                           const Regularization& regularization = {}) const;
  // fp32 logits [n, end - begin] of hidden states [n, d]; all ids by default.
  at::Tensor logits(const at::Tensor& hidden) const;
  at::Tensor logits(const at::Tensor& hidden, tokenize::IdRange ids) const;
  // Cross entropy over the whole vocabulary at the targets, no other place.
  Loss loss(const Batch& batch, const Regularization& regularization = {},
            const LossOptions& options = {}) const;
  // Hands out the gradients of loss.total as they are computed, those of the
  // last block first, and none of a parameter that played no part. Frees the
  // graph.
  void backward(const Loss& loss, const GradientCallback& on_gradient) const;
  // All of them in the order of parameters(); undefined where it played no
  // part.
  std::vector<at::Tensor> gradients(const Loss& loss) const;

 private:
  explicit Network(const ModelConfig& config) : config_(config) {}
  void allocate();      // flat_, all zero, and its views
  void create_views();  // parameters_, of flat_
  // The residual stream after the last block, [B*L, d], or [T, d] of the places
  // among B*L that are given.
  at::Tensor run_blocks(const NetworkWeights& weights, const Batch& batch,
                        const Regularization& regularization,
                        const at::Tensor& output_indices) const;

  ModelConfig config_;
  Precision precision_ = Precision::fp32;
  bool uses_activation_checkpointing_ = false;
  at::Tensor flat_parameters_;
  std::vector<Parameter> parameters_;
  std::vector<int64_t> parameter_offsets_;
  int64_t decayed_parameter_count_ = 0;
};

}  // namespace gato::model

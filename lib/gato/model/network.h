// The decoder-only transformer of the paper (section 2.2, appendix C):
// embeddings, blocks, and the token table as the output projection.
//
// Const functions may run at the same time in several threads.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gato/data/vocabulary.h"
#include "gato/model/batch.h"
#include "gato/model/loss.h"
#include "gato/model/model_config.h"
#include "gato/model/parameters.h"
#include "gato/model/precision.h"
#include "gato/model/regularization.h"

namespace gato::model {

// Receives the gradient of parameters()[i].
using GradientCallback = std::function<void(size_t i, at::Tensor gradient)>;

class NetworkWeights;

class Network {
 public:
  // Initializes the weights at random. Throws Error(usage) if the configuration
  // is invalid.
  Network(const ModelConfig& config, uint64_t seed,
          const Initialization& initialization = {});
  // Copies `weights`, which are fp32, fp16 or bf16, to fp32. Throws
  // Error(usage) if the configuration is invalid, and Error(bad_input), which
  // names the tensor, if one is missing, unknown, not finite, of another shape
  // or of another type.
  Network(const ModelConfig& config,
          const std::map<std::string, at::Tensor>& weights);

  const ModelConfig& config() const { return config_; }
  Precision precision() const { return precision_; }
  void set_precision(Precision precision) { precision_ = precision; }

  // The device of the weights and of all computation; initially the CPU.
  // move_to() replaces parameters() and flat_parameters().
  at::Device device() const { return flat_parameters_.device(); }
  void move_to(at::Device device);

  // Returns a copy on the CPU that shares nothing with this network.
  std::unique_ptr<Network> clone_to_cpu() const;

  // Sets whether training saves only the input of each block and computes the
  // block again in the backward pass (activation_checkpoint.h).
  void set_activation_checkpointing(bool on) {
    uses_activation_checkpointing_ = on;
  }

  // The parameters in the order of model.safetensors, each a view of
  // flat_parameters().
  const std::vector<Parameter>& parameters() const { return parameters_; }
  // All parameters in one fp32 buffer: first the decayed_parameter_count()
  // values with weight decay, then the others. parameters()[i] starts at
  // parameter_offset(i). Optimizers update the buffer in place.
  const at::Tensor& flat_parameters() const { return flat_parameters_; }
  int64_t parameter_offset(size_t parameter) const {
    return parameter_offsets_[parameter];
  }
  int64_t decayed_parameter_count() const { return decayed_parameter_count_; }
  int64_t parameter_count() const { return flat_parameters_.numel(); }

  // Returns hidden states [B*L, d], after the output norm, in the type of the
  // precision.
  at::Tensor hidden_states(const Batch& batch,
                           const Regularization& regularization = {}) const;
  // Returns fp32 logits of hidden states [n, d]: [n, V] for the complete
  // vocabulary, or [n, ids.end - ids.begin] for a range of ids.
  at::Tensor logits(const at::Tensor& hidden) const;
  at::Tensor logits(const at::Tensor& hidden, data::IdRange ids) const;
  // Returns the cross entropy of the targets over the complete vocabulary.
  // Other tokens have no loss (paper, section 2.3).
  Loss loss(const Batch& batch, const Regularization& regularization = {},
            const LossOptions& options = {}) const;
  // Computes the gradients of loss.total and passes each to the callback as
  // soon as it is complete, those of the last block first. A parameter that the
  // loss does not depend on has none. Frees the graph.
  void backward(const Loss& loss, const GradientCallback& on_gradient) const;
  // Returns all gradients in the order of parameters(), undefined for
  // parameters that the loss does not depend on. Frees the graph.
  std::vector<at::Tensor> gradients(const Loss& loss) const;

 private:
  explicit Network(const ModelConfig& config) : config_(config) {}
  // Creates flat_parameters_, filled with zeros, and its views.
  void allocate();
  // Sets parameters_ to views of flat_parameters_.
  void create_views();
  // Returns the residual stream after the last block: [B*L, d] or, if
  // `output_indices`, int64 [T], is defined, that of these tokens, [T, d].
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

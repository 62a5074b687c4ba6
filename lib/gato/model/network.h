// The decoder-only transformer of the paper (2.2, appendix C): embeddings,
// blocks, tied output matrix. Tensors carry the names of model.safetensors.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gato/data/vocabulary.h"
#include "gato/model/config.h"

namespace gato {

// B rows of L tokens as tensors. U distinct patches, P patch tokens, T targets.
struct Batch {
  at::Tensor tokens;     // int64 [B*L]: ids; 0 at patches and padding
  at::Tensor local;      // int64 [B*L]: row of a 514-row table: 0..511 local,
                         // 512 action, 513 none (zeros)
  at::Tensor patches;    // uint8 [U,16,16,3]
  at::Tensor patch_place;  // int64 [P]: index into B*L
  at::Tensor patch_index;  // int64 [P]: row of `patches`
  at::Tensor patch_row, patch_column;  // int64 [P]: in [0, 128), already drawn
  at::Tensor target_place;  // int64 [T]: index into B*L of the token BEFORE
  at::Tensor target_label;  // int64 [T]: what is to be predicted
  // Of the target token: enum Modality, task.
  at::Tensor target_modality;  // uint8 [T]
  at::Tensor target_task;      // int32 [T]
  at::Tensor target_weight;    // float [T]; undefined: all 1
  int64_t rows = 0, length = 0;
};

// How the sub-layers of this step are skipped or dropped.
struct Regularisation {
  double stochastic_depth = 0;  // probability a sub-layer and row (paper App. D)
  double dropout = 0;           // residual and feed-forward
  uint64_t seed = 0, step = 0, first_row = 0;
};

// Keys and values of the tokens that a slot has read.
class Cache;

class Network {
 public:
  Network(const ModelConfig& config, uint64_t seed);  // fresh weights

  const ModelConfig& config() const { return config_; }
  // In a fixed order; names as in the file. All fp32, requires_grad for training.
  const std::vector<std::pair<std::string, at::Tensor>>& parameters() const;
  int64_t parameter_count() const;

  // Hidden states [B*L, d] after output_norm.
  at::Tensor hidden(const Batch& batch, const Regularisation& regularisation) const;
  // Logits [n, size] of hidden states [n, d].
  at::Tensor logits(const at::Tensor& hidden) const;
  // Cross entropy of each target [T], in fp32.
  at::Tensor loss(const Batch& batch, const Regularisation& regularisation) const;

 private:
  ModelConfig config_;
  std::vector<std::pair<std::string, at::Tensor>> parameters_;
};

}  // namespace gato

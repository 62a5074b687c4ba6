// Causal self-attention over complete rows, for training and evaluation.
// Incremental decoding is in kv_cache.h.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/model/position_encoding.h"
#include "gato/model/weights.h"

namespace gato::model {

// The position tables and the attention mask of rows of L tokens, which all
// layers share.
struct PositionTables {
  // Computes the tables with the type and on the device of `like`. If
  // `segments`, Batch::segment, is defined, tokens attend only to their own
  // document and to the prompt.
  PositionTables(const ModelConfig& config, int64_t length,
                 const at::Tensor& like, const at::Tensor& segments = {});

  // Relative positions only: [L, d], for the distances L-1 down to 0.
  at::Tensor sinusoids;
  // Rotary positions only: [2, 1, 1, L, K], first for queries, then for keys.
  // The tables for queries include the scale 1 / sqrt(K) of the scores.
  RotaryEmbedding rotation;
  // -infinity if token i does not attend to token j, else 0: [L, L] if that is
  // all j > i, and [B, 1, L, L] if it depends on the documents.
  at::Tensor mask;

  int64_t length() const { return mask.size(-1); }
  bool separates_documents() const { return mask.dim() > 2; }
};

// Returns the output of multi-head attention for x [B*L, d], which is
// normalized and has the type of the weights. The result is [B*L, d] or, if
// `output_indices`, int64 [T] in [0, B*L), is defined, only the rows of these T
// tokens, [T, d].
at::Tensor causal_self_attention(const at::Tensor& x,
                                 const BlockWeights& weights,
                                 const PositionTables& positions,
                                 const ModelConfig& config,
                                 const at::Tensor& output_indices = {});

}  // namespace gato::model

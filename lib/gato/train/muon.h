// Muon (Jordan et al. 2024): the momentum of a matrix is orthogonalized before
// it is applied, so that the update has the same magnitude in all directions.
#pragma once

#include <vector>

#include "gato/train/adamw.h"

namespace gato::train {

// A matrix in a flat buffer, in C order.
struct FlatMatrix {
  int64_t begin = 0, rows = 0, columns = 0;
  int64_t end() const { return begin + rows * columns; }
};

// Returns the matrices of the blocks, which map hidden states to hidden states,
// in the order of the buffer. Those that the network stores below each other in
// one tensor (query, key and value; gate and value of GEGLU) are separate.
std::vector<FlatMatrix> hidden_matrices(const model::Network& network);

// Returns a matrix with the singular vectors of `matrix`, fp32 [m, n], and
// singular values between about 0.7 and 1.2; those below about 0.002 of its
// Frobenius norm end lower. Computes five iterations of Newton and Schulz
// (Jordan et al. 2024).
at::Tensor orthogonalize(const at::Tensor& matrix);

// Updates the hidden matrices by Muon, and all other parameters (embeddings,
// convolutions, norms, biases) by AdamW. The first moments of the matrices are
// their momentum. Their second moments are zero and not used, which costs 4
// bytes per parameter of the matrices, in memory and in checkpoints: the state
// then has the layout of AdamW's. The factor of Liu et al. 2025 gives the
// update the root mean square that AdamW's has, so that both take the same
// learning rate and weight decay.
class Muon : public AdamW {
 public:
  Muon(const OptimizerOptions& options, const at::Tensor& parameters,
       int64_t decayed_count, std::vector<FlatMatrix> matrices);

 private:
  void update(double learning_rate) override;
  void update_matrix(const FlatMatrix& matrix, double learning_rate);

  std::vector<FlatMatrix> matrices_;
};

}  // namespace gato::train

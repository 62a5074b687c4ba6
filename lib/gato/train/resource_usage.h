// What a training step takes, and what the machine can give.
//
// What this process has used.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "gato/model/model_config.h"
#include "gato/model/precision.h"

namespace gato::train {

// Floating-point operations, forward and backward, of `tokens` tokens in rows
// of `length`, `targets` of which are predicted: six for every weight of a
// block's matrices and 12 x layers x heads x key size x length for attention, a
// token (Chowdhery et al. 2022, appendix B); six for every weight of the output
// matrix, a target. Positions, norms and the patch network are left out, as is
// what is computed twice.
double training_flops(const model::ModelConfig& config, int64_t length,
                      int64_t tokens, int64_t targets);

// Floating-point operations a second of a large product of matrices, measured
// now, in about a tenth of a second, with the threads that are set: the peak
// that the use of the machine is told against.
double measure_matmul_flops_per_second(at::Device device,
                                       model::Precision precision);

// Most bytes so far: of a GPU, those that tensors took up; of the CPU, the
// largest resident size of the process.
int64_t peak_memory(at::Device device);

}  // namespace gato::train

// Names, shapes and initial values of the network's parameters.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gato/model/model_config.h"

namespace gato::model {

// A tensor of model.safetensors. Linear weights are [out, in].
struct Parameter {
  std::string name;
  at::Tensor value;  // fp32
  // Matrices and convolutions have weight decay; norms, biases and position
  // embeddings do not.
  bool has_weight_decay = false;
};

// The declaration of a Parameter.
struct ParameterShape {
  std::string name;
  std::vector<int64_t> shape;
  bool has_weight_decay = false;
};

// Returns all parameters of a network, in the order of model.safetensors.
std::vector<ParameterShape> parameter_shapes(const ModelConfig& config);
// Returns the number of values of all parameters.
int64_t parameter_count(const ModelConfig& config);

// Options for the initialization of weights. The defaults are for the paper's
// presets; other values help small models that train for minutes.
struct Initialization {
  // Standard deviation of embedding tables. Embeddings of patches grow with it.
  double embedding_scale = 0.02;
  // Initializes neighboring bins to similar vectors: smooth random functions of
  // the value of the bin, with the same standard deviation.
  bool smooth_bins = false;
};

// Initializes the parameters. Each element is a function of `seed` and its
// index, the same on every machine and for any number of threads.
void initialize(std::vector<Parameter>& parameters, const ModelConfig& config,
                uint64_t seed, const Initialization& initialization);

}  // namespace gato::model

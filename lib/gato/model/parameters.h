// Names, shapes and first values of the network's tensors.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gato/model/model_config.h"

namespace gato::model {

// A tensor as it stands in model.safetensors. Linear weights are [out, in].
struct Parameter {
  std::string name;
  at::Tensor value;  // fp32
  // Under weight decay: matrices; not norms, biases and positions.
  bool has_weight_decay = false;
};

struct ParameterShape {
  std::string name;
  std::vector<int64_t> shape;
  bool has_weight_decay = false;
};

// Every tensor of a network of this shape, in the order of the file.
std::vector<ParameterShape> parameter_shapes(const ModelConfig& config);
int64_t parameter_count(const ModelConfig& config);

// How fresh weights are drawn. The defaults are the ones of the paper's
// presets; the others help small models that train for minutes.
struct Initialization {
  double embedding_scale = 0.02;  // standard deviation of the token table
  // Rows of neighbouring bins start alike: a random smooth function of the
  // bin's value, of the same standard deviation.
  bool smooth_bins = false;
};

// Fresh values, drawn by counter from `seed`, element by element: the same on
// every machine and for every number of threads.
void initialize(std::vector<Parameter>& parameters, const ModelConfig& config,
                uint64_t seed, const Initialization& initialization);

}  // namespace gato::model

// The networks that the runs of gato-finetune start with.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gato/data/provenance.h"
#include "gato/model/model_config.h"
#include "gato/model/network.h"
#include "gato/model/parameters.h"
#include "gato/train/input/training_data.h"

namespace gato::commands {

struct InitialNetworkOptions {
  std::string init;  // a model or a run
  // Starts with new weights instead of those of the model.
  bool from_scratch = false;
  // The standard deviation of new token embeddings; empty: that with which the
  // model was initialized.
  std::optional<double> embedding_scale;
};

class InitialNetwork {
 public:
  // Reads the configuration of the model. `options` must outlive the object.
  // Throws the errors of load_model_config().
  explicit InitialNetwork(const InitialNetworkOptions& options);

  const model::ModelConfig& config() const { return config_; }
  // Returns a network of this configuration, but with the tasks and the window
  // steps of the data. New weights are a function of the seed and the repeat.
  std::unique_ptr<model::Network> make(const train::TrainingData& data,
                                       uint64_t seed, int64_t repeat) const;
  // Records the weights with their provenance or, from scratch, the
  // configuration.
  void record_inputs(data::Provenance& provenance) const;

 private:
  const InitialNetworkOptions& options_;
  const model::ModelConfig config_;
  model::Initialization initialization_;  // from scratch
};

}  // namespace gato::commands

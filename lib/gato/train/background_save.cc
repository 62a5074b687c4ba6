#include "gato/train/background_save.h"

#include <chrono>
#include <utility>

namespace gato {
namespace {

void copy(const at::Tensor& from, at::Tensor& to) {
  if (!to.defined())
    to = at::empty(from.sizes(), from.options().device(at::kCPU));
  to.copy_(from);
}

}  // namespace

BackgroundSave::~BackgroundSave() {
  if (work_.valid()) work_.wait();
}

void BackgroundSave::start(const Network& network, const AdamW& optimiser,
                           const TrainingState& state, Write write) {
  if (!network_) {
    network_ = network.copy_on_cpu();
    optimiser_ = std::make_unique<AdamW>(optimiser);
    for (at::Tensor* tensor :
         {&optimiser_->gradients, &optimiser_->mean, &optimiser_->square}) {
      *tensor = at::Tensor();
    }
  } else {
    network_->flat().detach().copy_(network.flat().detach());
  }
  copy(optimiser.mean, optimiser_->mean);
  copy(optimiser.square, optimiser_->square);
  optimiser_->updates = optimiser.updates;
  state_ = state;
  work_ = std::async(std::launch::async, [this, write = std::move(write)] {
    write(*network_, *optimiser_, state_);
  });
}

bool BackgroundSave::is_ready() const {
  return work_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace gato

#include "gato/train/run/async_checkpointer.h"

#include <chrono>
#include <utility>

namespace gato::train {
namespace {

void copy_to_cpu(const at::Tensor& from, at::Tensor& to) {
  if (!to.defined()) {
    to = at::empty(from.sizes(), from.options().device(at::kCPU));
  }
  to.copy_(from);
}

}  // namespace

AsyncCheckpointer::~AsyncCheckpointer() {
  if (pending_write_.valid()) {
    pending_write_.wait();
  }
}

void AsyncCheckpointer::start(const model::Network& network,
                              const OptimizerState& optimizer,
                              const TrainingState& state, WriteFunction write) {
  if (!network_) {
    network_ = network.clone_to_cpu();
  } else {
    network_->flat_parameters().detach().copy_(
        network.flat_parameters().detach());
  }
  copy_to_cpu(optimizer.first_moment, optimizer_.first_moment);
  copy_to_cpu(optimizer.second_moment, optimizer_.second_moment);
  optimizer_.slice = optimizer.slice;
  optimizer_.updates = optimizer.updates;
  state_ = state;
  pending_write_ =
      std::async(std::launch::async, [this, write = std::move(write)] {
        write(*network_, optimizer_, state_);
      });
}

bool AsyncCheckpointer::is_ready() const {
  return pending_write_.wait_for(std::chrono::seconds(0)) ==
         std::future_status::ready;
}

}  // namespace gato::train

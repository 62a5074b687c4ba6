#include "gato/train/gradient_sum.h"

#include <utility>

namespace gato {

GradientSum::GradientSum(const Network& network, at::Tensor flat, size_t parts,
                         std::function<void(size_t)> added)
    : network_(network),
      flat_(std::move(flat)),
      parts_(parts),
      added_(std::move(added)),
      sums_(network.parameters().size()),
      was_added_(parts, std::vector<bool>(sums_.size())) {}

void GradientSum::add(size_t part, size_t parameter, at::Tensor gradient) {
  was_added_[part][parameter] = true;
  put(part, parameter, std::move(gradient));
}

void GradientSum::end(size_t part) {
  for (size_t parameter = sums_.size(); parameter-- > 0;) {
    if (!was_added_[part][parameter]) put(part, parameter, {});
  }
}

void GradientSum::put(size_t part, size_t parameter, at::Tensor gradient) {
  Sum& sum = sums_[parameter];
  {
    const std::lock_guard lock(sum.mutex);
    sum.held.emplace(part, std::move(gradient));
    for (auto first = sum.held.begin();
         first != sum.held.end() && first->first == sum.next;
         first = sum.held.erase(first), ++sum.next) {
      const at::Tensor& next = first->second;
      if (!next.defined()) continue;
      flat_.narrow(0, network_.offset(parameter), next.numel())
          .view(next.sizes())
          .add_(next);
    }
    if (sum.next < parts_ || !added_) return;
  }
  const std::lock_guard lock(added_mutex_);
  added_(parameter);
}

}  // namespace gato

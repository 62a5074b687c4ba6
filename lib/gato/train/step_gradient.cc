#include "gato/train/step_gradient.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gato/base/ordered_jobs.h"

namespace gato {
namespace {

void add_gradients(const Network& network, const std::vector<at::Tensor>& parts,
                   at::Tensor& gradients) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].defined()) continue;
    gradients.narrow(0, network.offset(i), parts[i].numel())
        .view(parts[i].sizes())
        .add_(parts[i]);
  }
}

}  // namespace

StepLoss step_gradient(const Network& network, const StepBatch& step,
                       const StepGradientOptions& options,
                       at::Tensor& gradients, LossTable& table) {
  gradients.zero_();
  StepLoss result;
  const int64_t workers =
      std::clamp<int64_t>(std::ssize(step.parts), 1, options.threads);
  const auto compute = [&](size_t place) -> OrderedJobs::Finish {
    const MicroBatch& part = step.parts[place];
    at::set_num_threads(static_cast<int>(options.threads / workers));
    if (part.batch.target_place.numel() == 0) return {};
    const Regularisation regularisation{
        .stochastic_depth = options.stochastic_depth,
        .dropout = options.dropout,
        .seed = options.seed,
        .step = uint64_t(step.step),
        .first_row = part.first_row};
    const Loss loss = network.loss(part.batch, regularisation,
                                   {.smoothing = options.smoothing});
    return [&, place, loss, gradient = network.gradients(loss.total)] {
      add_gradients(network, gradient, gradients);
      const float total = loss.total.item<float>();
      result.total += total;
      if (!std::isfinite(total)) result.not_finite.push_back(place);
      table.add(part.batch, loss.each);
    };
  };
  OrderedJobs jobs(workers, 1);
  for (size_t place = 0; place < step.parts.size(); ++place)
    jobs.add([&compute, place](int64_t) { return compute(place); });
  jobs.finish();
  return result;
}

}  // namespace gato

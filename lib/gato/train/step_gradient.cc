#include "gato/train/step_gradient.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gato/base/ordered_jobs.h"
#include "gato/train/gradient_sum.h"

namespace gato {

int64_t workers(at::Device device, int64_t parts, int64_t threads) {
  return device.is_cpu() ? std::clamp<int64_t>(parts, 1, threads) : 1;
}

StepLoss step_gradient(const Network& network, const StepBatch& step,
                       const StepGradientOptions& options,
                       at::Tensor& gradients, LossTable& table,
                       const std::function<void(size_t)>& added) {
  gradients.zero_();
  StepLoss result;
  // The losses are read when all is computed: a GPU works on meanwhile.
  std::vector<Loss> losses(step.parts.size());
  const int64_t workers =
      gato::workers(network.device(), std::ssize(step.parts), options.threads);
  GradientSum sum(network, gradients, step.parts.size(), added);
  const auto compute = [&](size_t place) -> OrderedJobs::Finish {
    const MicroBatch& part = step.parts[place];
    at::set_num_threads(static_cast<int>(options.threads / workers));
    if (part.batch.target_place.numel() > 0) {
      const Regularisation regularisation{
          .stochastic_depth = options.stochastic_depth,
          .dropout = options.dropout,
          .seed = options.seed,
          .step = uint64_t(step.step),
          .first_row = part.first_row};
      const Loss loss =
          network.loss(part.batch.on(network.device()), regularisation,
                       {.smoothing = options.smoothing});
      network.backward(loss, [&](size_t parameter, at::Tensor gradient) {
        sum.add(place, parameter, std::move(gradient));
      });
      losses[place] = {loss.total.detach(), loss.each, {}};
    }
    sum.end(place);
    return {};
  };
  OrderedJobs jobs(workers, 1);
  for (size_t place = 0; place < step.parts.size(); ++place)
    jobs.add([&compute, place](int64_t) { return compute(place); });
  jobs.finish();
  for (size_t place = 0; place < losses.size(); ++place) {
    if (!losses[place].total.defined()) continue;
    const float total = losses[place].total.item<float>();
    result.total += total;
    if (!std::isfinite(total)) result.not_finite.push_back(place);
    table.add(step.parts[place].batch, losses[place].each);
  }
  return result;
}

}  // namespace gato

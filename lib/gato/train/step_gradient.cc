#include "gato/train/step_gradient.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gato/base/ordered_jobs.h"

namespace gato {
namespace {

void add_gradients(const Network& network, const std::vector<at::Tensor>& parts,
                   at::Tensor& gradients,
                   const std::function<void(size_t)>& added) {
  for (size_t i = parts.size(); i-- > 0;) {
    if (!parts[i].defined()) continue;
    gradients.narrow(0, network.offset(i), parts[i].numel())
        .view(parts[i].sizes())
        .add_(parts[i]);
    if (added) added(i);
  }
}

bool has_targets(const MicroBatch& part) {
  return part.batch.target_place.numel() > 0;
}

// The last place that anything is computed of; -1 where there is none.
int64_t last_with_targets(const std::vector<MicroBatch>& parts) {
  const auto last = std::find_if(parts.rbegin(), parts.rend(), has_targets);
  return parts.rend() - last - 1;
}

}  // namespace

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
  const std::function<void(size_t)> nobody;
  const int64_t last = last_with_targets(step.parts);
  const auto compute = [&](size_t place) -> OrderedJobs::Finish {
    const MicroBatch& part = step.parts[place];
    at::set_num_threads(static_cast<int>(options.threads / workers));
    if (!has_targets(part)) return {};
    const Regularisation regularisation{
        .stochastic_depth = options.stochastic_depth,
        .dropout = options.dropout,
        .seed = options.seed,
        .step = uint64_t(step.step),
        .first_row = part.first_row};
    const Loss loss =
        network.loss(part.batch.on(network.device()), regularisation,
                     {.smoothing = options.smoothing});
    const Loss values{loss.total.detach(), loss.each};
    const auto& told = std::cmp_equal(place, last) ? added : nobody;
    if (workers == 1) {  // nobody else adds: no gradient of its own is needed
      network.add_gradients(loss.total, gradients, told);
      losses[place] = values;
      return {};
    }
    return [&, &told = told, place, values,
            gradient = network.gradients(loss.total)] {
      add_gradients(network, gradient, gradients, told);
      losses[place] = values;
    };
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

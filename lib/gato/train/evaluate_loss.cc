#include "gato/train/evaluate_loss.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "gato/base/ordered_thread_pool.h"
#include "gato/train/input/observation_ablation.h"
#include "gato/train/input/training_batch.h"
#include "gato/train/loss_table.h"
#include "gato/train/run/training_run.h"

namespace gato::train {
namespace {

constexpr int64_t kBatchTokens = 2048;

}  // namespace

nlohmann::json evaluate_loss(const model::Network& network,
                             const SequenceFileData& data,
                             const LossEvaluationOptions& options) {
  check_compatible(network.config(), data);
  std::optional<ObservationAblation> swapped;
  if (options.swap_observations) {
    swapped.emplace(data);
  }
  const int64_t rows =
      std::max<int64_t>(1, kBatchTokens / data.sequence_length());
  const int64_t batches = (data.row_count() + rows - 1) / rows;
  base::Progress progress(options.progress, "evaluating", "sequences",
                          data.row_count());
  LossTable table;
  int64_t unswapped_count = 0;
  const at::Device device = network.device();
  const int64_t workers =
      device.is_cpu() ? std::clamp<int64_t>(batches, 1, options.threads) : 1;
  // Batches are computed in parallel. The completions, which add to the table,
  // run in the order of the batches, so that the sums do not depend on the
  // number of threads.
  const auto compute =
      [&](int64_t batch_index) -> base::OrderedThreadPool::Completion {
    const c10::NoGradGuard no_gradient;
    at::set_num_threads(static_cast<int>(options.threads / workers));
    const int64_t first = batch_index * rows;
    const int64_t end = std::min(first + rows, data.row_count());
    std::vector<ObservationAblation::AblatedRow> storage;
    std::vector<TrainingData::Row> input_rows;
    int64_t unswapped_in_batch = 0;
    for (int64_t i = first; i < end; ++i) {
      if (swapped) {
        storage.push_back(swapped->row(i));
        unswapped_in_batch += storage.back().is_changed ? 0 : 1;
      }
      input_rows.push_back(swapped ? storage.back().row : data.row(i));
    }
    const model::Batch batch =
        make_batch(input_rows, {.is_training = false, .device = device}).batch;
    at::Tensor target_losses;
    if (batch.target_index.numel() > 0) {
      target_losses = network.loss(batch.to(device)).per_target;
    }
    return [&, batch, target_losses, unswapped_in_batch, count = end - first] {
      if (target_losses.defined()) {
        table.add(batch, target_losses);
      }
      unswapped_count += unswapped_in_batch;
      progress.advance(count);
    };
  };
  base::OrderedThreadPool jobs(workers);
  for (int64_t i = 0; i < batches; ++i) {
    jobs.submit([&compute, i](int64_t) { return compute(i); });
  }
  jobs.wait_all();
  if (table.target_count() > 0 && !std::isfinite(table.mean())) {
    throw base::run_error("the loss is not finite: try --precision fp32");
  }
  if (unswapped_count > 0) {
    spdlog::warn(
        "{} of {} sequences kept their observations: there was no other "
        "sequence of their task with different observations",
        unswapped_count, data.row_count());
  }
  return table.to_json(data.tasks());
}

}  // namespace gato::train

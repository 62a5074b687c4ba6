#include "gato/train/evaluate_loss.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/ordered_jobs.h"
#include "gato/cli/progress.h"
#include "gato/model/device.h"
#include "gato/model/directory.h"
#include "gato/train/batch_builder.h"
#include "gato/train/loss_table.h"
#include "gato/train/session.h"
#include "gato/train/swapped_observations.h"

namespace gato {
namespace {

constexpr int64_t batch_tokens = 2048;

struct LossOptionsGiven {
  std::string model;
  std::vector<std::string> data;
  std::string precision = "auto", device = "cpu";
  bool swap_observations = false;
};

ExitStatus run(const LossOptionsGiven& options, const cli::Context& context) {
  const SequenceSet data({options.data.begin(), options.data.end()});
  const Model model = load_model(options.model);
  const at::Device device = device_named(options.device);
  model.network->move_to(device);
  model.network->set_precision(precision_named(options.precision, device));
  const nlohmann::json losses =
      evaluate_loss(*model.network, data,
                    {.threads = context.common.threads,
                     .swap_observations = options.swap_observations});
  std::cout << losses.dump(2) << "\n";
  return ExitStatus::done;
}

}  // namespace

nlohmann::json evaluate_loss(const Network& network, const SequenceSet& data,
                             const LossEvaluation& options) {
  check_fit(network.config(), data);
  std::optional<SwappedObservations> swapped;
  if (options.swap_observations) swapped.emplace(data);
  const int64_t rows = std::max<int64_t>(1, batch_tokens / data.length());
  const int64_t batches = (data.rows() + rows - 1) / rows;
  cli::Progress progress("evaluating", "sequences", data.rows());
  LossTable table;
  int64_t unchanged = 0;
  const at::Device device = network.device();
  const int64_t workers =
      device.is_cpu() ? std::clamp<int64_t>(batches, 1, options.threads) : 1;
  const auto compute = [&](int64_t number) -> OrderedJobs::Finish {
    const c10::NoGradGuard no_gradient;
    at::set_num_threads(static_cast<int>(options.threads / workers));
    const int64_t first = number * rows;
    const int64_t end = std::min(first + rows, data.rows());
    std::vector<SwappedObservations::Swapped> storage;
    std::vector<TrainingData::Row> read;
    int64_t kept = 0;
    for (int64_t i = first; i < end; ++i) {
      if (swapped) {
        storage.push_back(swapped->row(i));
        kept += storage.back().is_changed ? 0 : 1;
      }
      read.push_back(swapped ? storage.back().row : data.row(i));
    }
    const Batch batch =
        make_batch(read, {.training = false, .device = device}).batch;
    at::Tensor each;
    if (batch.target_place.numel() > 0)
      each = network.loss(batch.on(device)).each;
    return [&, batch, each, kept, count = end - first] {
      if (each.defined()) table.add(batch, each);
      unchanged += kept;
      progress.add(count);
    };
  };
  OrderedJobs jobs(workers);
  for (int64_t i = 0; i < batches; ++i)
    jobs.add([&compute, i](int64_t) { return compute(i); });
  jobs.finish();
  if (table.targets() > 0 && !std::isfinite(table.mean())) {
    throw run_error("the loss is not finite; try --precision fp32");
  }
  if (unchanged > 0) {
    spdlog::warn(
        "{} of {} sequences kept their observations: there was no other "
        "sequence of their task with other observations",
        unchanged, data.rows());
  }
  return table.to_json(data.tasks());
}

cli::Command loss_command() {
  cli::Command command;
  command.name = "loss";
  command.summary = "loss of a model on held-out sequences";
  command.description =
      "Prints the mean cross entropy of the target tokens, in nats, as JSON: "
      "over all, by modality, by task and by domain.\n\n"
      "With --swap-observations the observations other than text are "
      "exchanged, step by step, for those of another sequence of the same "
      "task, while actions, labels and separators stay. The loss of a policy "
      "that looks rises; that of one that copies its past actions does not.";
  command.build = [](cli::OptionTable& table) -> cli::Work {
    auto options = std::make_shared<LossOptionsGiven>();
    table.add("model", &options->model, "Model directory, or run of gato-train")
        .named("DIR")
        .required();
    table
        .add("data", &options->data, "Sequence files of gato-pack, read as one")
        .named("FILE...")
        .files()
        .required();
    table
        .add("precision", &options->precision,
             "Of the large products; auto is bf16 on a GPU, and where the "
             "processor multiplies it in hardware")
        .one_of({"auto", "bf16", "fp32"});
    table
        .add("device", &options->device,
             "Where to compute; cuda in programs built with GATO_CUDA")
        .one_of({"cpu", "cuda"});
    table.add("swap-observations", &options->swap_observations,
              "Take the observations from other sequences of the task");
    return [options](cli::Context& context) { return run(*options, context); };
  };
  command.examples = {
      {"gato-eval loss --model run --data held-out.h5", "Loss by task"},
      {"gato-eval loss --model run --data held-out.h5 --swap-observations",
       "The same with the observations of other episodes"}};
  return command;
}

}  // namespace gato

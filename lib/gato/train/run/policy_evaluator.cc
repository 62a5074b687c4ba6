#include "gato/train/run/policy_evaluator.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace gato::train {
namespace {

constexpr const char* kEvaluationKey = "evaluation";

double in_seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

PolicyEvaluator::PolicyEvaluator(RunDirectory& run_directory, int64_t every,
                                 EvaluateFunction evaluate)
    : run_directory_(run_directory),
      every_(every),
      evaluate_(std::move(evaluate)) {}

PolicyEvaluator::~PolicyEvaluator() {
  if (pending_.valid()) {
    pending_.wait();
  }
}

void PolicyEvaluator::start_if_due(const model::Network& network, int64_t step,
                                   bool is_last) {
  if (!evaluate_ || step == 0 || (!is_last && step % every_ != 0)) {
    return;
  }
  finish();
  if (run_directory_.has_metrics(step, kEvaluationKey)) {
    return;
  }
  const auto evaluate = [this, step](const model::Network& evaluated) {
    const auto start = Clock::now();
    nlohmann::json evaluation = evaluate_(evaluated, step);
    return Result{std::move(evaluation), Clock::now() - start};
  };
  if (!network.device().is_cpu()) {
    const Result result = evaluate(network);
    wait_ += result.duration;
    record(step, result);
    return;
  }
  if (!copy_) {
    copy_ = network.clone_to_cpu();
  } else {
    copy_->flat_parameters().detach().copy_(network.flat_parameters().detach());
  }
  copy_->set_precision(network.precision());
  pending_step_ = step;
  pending_ = std::async(std::launch::async,
                        [this, evaluate] { return evaluate(*copy_); });
}

void PolicyEvaluator::poll() {
  if (pending_.valid() &&
      pending_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    finish();
  }
}

void PolicyEvaluator::finish() {
  if (!pending_.valid()) {
    return;
  }
  const auto start = Clock::now();
  const Result result = pending_.get();
  wait_ += Clock::now() - start;
  record(pending_step_, result);
}

void PolicyEvaluator::record(int64_t step, const Result& result) {
  ++count_;
  duration_ += result.duration;
  run_directory_.append_metrics(
      {{"step", step}, {kEvaluationKey, result.evaluation}});
}

void PolicyEvaluator::log_time(Clock::duration training) const {
  if (count_ == 0) {
    return;
  }
  spdlog::info(
      "{} evaluation{} took {:.1f} s; training waited {:.1f} s of {:.1f} s for "
      "{}",
      count_, count_ == 1 ? "" : "s", in_seconds(duration_), in_seconds(wait_),
      in_seconds(training), count_ == 1 ? "it" : "them");
  if (3 * wait_ > training) {
    spdlog::warn(
        "training waited for evaluations during more than a third of the time: "
        "a larger --eval-every or a smaller --eval-episodes makes training "
        "faster");
  }
}

}  // namespace gato::train

#include "gato/eval/check/run_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gato/data/checkpoint_directory.h"
#include "gato/eval/check/weight_check.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;

// Finds values that are far above the median of those before them.
class SpikeDetector {
 public:
  // Returns whether the value is a spike.
  bool add(double value) {
    bool is_spike = false;
    if (history_.size() == kHistory) {
      const double median = median_of(history_);
      std::deque<double> deviations;
      std::ranges::transform(
          history_, std::back_inserter(deviations),
          [median](double x) { return std::abs(x - median); });
      // 1.4826 times the median deviation estimates the standard deviation.
      const double limit =
          std::max(8 * 1.4826 * median_of(deviations), 0.5 * std::abs(median));
      is_spike = value > median + limit;
      history_.pop_front();
    }
    history_.push_back(value);
    return is_spike;
  }

 private:
  static constexpr size_t kHistory = 21;
  static double median_of(std::deque<double> values) {
    const auto middle =
        values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }
  std::deque<double> history_;
};

class MetricsCheck {
 public:
  void read(const fs::path& path) {
    std::ifstream stream(path);
    for (std::string line; std::getline(stream, line);) {
      corrupt_ += last_is_corrupt_;
      const auto value = nlohmann::json::parse(line, nullptr, false);
      last_is_corrupt_ = !value.is_object();
      if (!last_is_corrupt_) {
        add(value);
      }
    }
  }

  void report(std::vector<Finding>& findings) const {
    if (bad_losses_ > 0) {
      findings.push_back(
          {last_is_bad_ ? Severity::error : Severity::warning, "nan", "loss",
           fmt::format("the loss is not finite in {}, the first at step {}{}: "
                       "lower --learning-rate, or look for errors in the data",
                       counted(bad_losses_, "line"), first_bad_step_,
                       last_is_bad_ ? ", also in the last" : ""),
           bad_losses_});
    }
    if (skipped_ > 0) {
      findings.push_back(
          {Severity::warning, "skipped", "loss",
           fmt::format("{} skipped because the loss or the gradient was not "
                       "finite",
                       skipped_ == 1 ? "1 step was"
                                     : fmt::format("{} steps were", skipped_)),
           skipped_});
    }
    if (spikes_ > 0) {
      findings.push_back(
          {Severity::warning, "spike", "loss",
           fmt::format("{}, the first at step {} ({:.4g}): a lower "
                       "--learning-rate or a longer --warmup-steps may prevent "
                       "them",
                       counted(spikes_, "spike"), first_spike_step_,
                       first_spike_),
           spikes_});
    }
    if (corrupt_ > 0) {
      findings.push_back(
          {Severity::warning, "corrupt_metrics", "",
           fmt::format("{} of metrics.jsonl not JSON: they are ignored",
                       corrupt_ == 1 ? "1 line is"
                                     : fmt::format("{} lines are", corrupt_)),
           corrupt_});
    }
  }

 private:
  void add(const nlohmann::json& line) {
    const auto step = line.find("step"), loss = line.find("loss");
    if (step == line.end() || !step->is_number_integer() ||
        loss == line.end()) {
      return;
    }
    const auto skipped = line.find("skipped");
    if (skipped != line.end() && skipped->is_number_integer()) {
      skipped_ += skipped->get<int64_t>();
    }
    const auto number = step->get<int64_t>();
    last_is_bad_ = !loss->is_number() || !std::isfinite(loss->get<double>());
    if (last_is_bad_) {
      first_bad_step_ = bad_losses_++ == 0 ? number : first_bad_step_;
    } else if (spike_detector_.add(loss->get<double>()) && spikes_++ == 0) {
      first_spike_step_ = number;
      first_spike_ = loss->get<double>();
    }
  }

  SpikeDetector spike_detector_;
  int64_t bad_losses_ = 0, first_bad_step_ = 0, skipped_ = 0;
  bool last_is_bad_ = false, last_is_corrupt_ = false;
  int64_t spikes_ = 0, first_spike_step_ = 0, corrupt_ = 0;
  double first_spike_ = 0;
};

}  // namespace

std::vector<Finding> check_run(const fs::path& directory,
                               base::ProgressDisplay* progress) {
  std::vector<Finding> findings;
  MetricsCheck metrics;
  metrics.read(directory / "metrics.jsonl");
  metrics.report(findings);
  if (const auto newest = data::newest_complete_checkpoint(directory)) {
    std::vector<Finding> weights =
        check_weights(*newest / "model.safetensors", progress);
    for (Finding& finding : weights) {
      finding.key = newest->filename().string() + ":" + finding.key;
    }
    std::ranges::move(weights, std::back_inserter(findings));
  } else if (!data::is_checkpoint_copy(directory / data::kLatestReference)) {
    std::error_code ignored;
    const bool is_training = fs::exists(directory / ".lock", ignored);
    findings.push_back(
        {is_training ? Severity::warning : Severity::error, "no_checkpoint", "",
         "the run has no complete checkpoint: gato-train saves one every "
         "--save-every steps and when it stops",
         1});
  }
  sort_findings(findings);
  return findings;
}

}  // namespace gato::eval

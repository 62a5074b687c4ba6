#include "gato/train/input/observation_ablation.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

// The positions of observation tokens are listed by step and modality, for the
// row and for its donor. Both lists are then walked in parallel, that of the
// donor cyclically.
namespace gato::train {
namespace {

constexpr std::array kAblatedModalities = {
    data::Modality::patch, data::Modality::discrete_observation,
    data::Modality::continuous_observation};

// Positions of the observation tokens of a step, by index in
// kAblatedModalities.
using ObservationPositions =
    std::array<std::vector<int64_t>, kAblatedModalities.size()>;

std::vector<ObservationPositions> observation_positions_by_step(
    const data::SequenceView& view) {
  std::vector<ObservationPositions> steps;
  for (size_t i = 0; i < view.modality.size(); ++i) {
    const data::Modality modality{view.modality[i]};
    if (modality == data::Modality::padding) {
      break;
    }
    const bool is_new =
        i == 0 || view.segment_ids[i] != view.segment_ids[i - 1] ||
        (data::is_action(data::Modality{view.modality[i - 1]}) &&
         !data::is_action(modality));
    if (is_new) {
      steps.emplace_back();
    }
    for (size_t kind = 0; kind < kAblatedModalities.size(); ++kind) {
      if (modality == kAblatedModalities[kind]) {
        steps.back()[kind].push_back(static_cast<int64_t>(i));
      }
    }
  }
  return steps;
}

// Replaces the observations of `result` by those of `donor`. `steps` contains
// the positions to replace.
void replace_observations(const data::SequenceView& donor,
                          const std::vector<ObservationPositions>& steps,
                          ObservationAblation::AblatedRow& result) {
  const std::vector<ObservationPositions> donor_steps =
      observation_positions_by_step(donor);
  for (size_t step = 0; step < steps.size(); ++step) {
    for (size_t kind = 0; kind < kAblatedModalities.size(); ++kind) {
      const std::vector<int64_t>& from =
          donor_steps[step % donor_steps.size()][kind];
      if (from.empty()) {
        continue;
      }
      const std::vector<int64_t>& to = steps[step][kind];
      for (size_t i = 0; i < to.size(); ++i) {
        const int64_t source = from[i % from.size()];
        result.tokens[to[i]] = donor.tokens[source];
        // Intervals are [length, 4], flat.
        std::copy_n(donor.interval.begin() + 4 * source, 4,
                    result.interval.begin() + 4 * to[i]);
      }
    }
  }
}

}  // namespace

ObservationAblation::ObservationAblation(const SequenceFileData& data)
    : data_(data) {
  for (int64_t i = 0; i < data.row_count(); ++i) {
    rows_by_file_and_task_[{data.file_index(i), data.row(i).task}].push_back(i);
  }
}

// Tries up to kMaxDonors donors until a token differs. Only tokens and
// intervals are replaced.
ObservationAblation::AblatedRow ObservationAblation::row(int64_t i) const {
  constexpr size_t kMaxDonors = 8;
  AblatedRow result;
  result.row = data_.row(i);
  data::SequenceView& view = result.row.view;
  result.tokens.assign(view.tokens.begin(), view.tokens.end());
  result.interval.assign(view.interval.begin(), view.interval.end());
  const std::vector<ObservationPositions> steps =
      observation_positions_by_step(view);
  const auto& rows =
      rows_by_file_and_task_.at({data_.file_index(i), result.row.task});
  const size_t own_index =
      std::lower_bound(rows.begin(), rows.end(), i) - rows.begin();
  const size_t donor_count = std::min(rows.size() - 1, kMaxDonors);
  for (size_t k = 1; k <= donor_count && !result.is_changed; ++k) {
    const TrainingData::Row donor =
        data_.row(rows[(own_index + k) % rows.size()]);
    replace_observations(donor.view, steps, result);
    result.is_changed = !std::equal(result.tokens.begin(), result.tokens.end(),
                                    view.tokens.begin());
  }
  view.tokens = result.tokens;
  view.interval = result.interval;
  return result;
}

}  // namespace gato::train

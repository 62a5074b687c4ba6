#include "gato/train/swapped_observations.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace gato {
namespace {

constexpr std::array swapped_modalities = {Modality::patch,
                                           Modality::discrete_observation,
                                           Modality::continuous_observation};

// Places of a step's observation tokens, a list for each of the above.
using Step = std::array<std::vector<int64_t>, swapped_modalities.size()>;

std::vector<Step> steps_of(const SequenceView& view) {
  std::vector<Step> steps;
  for (size_t i = 0; i < view.modality.size(); ++i) {
    const Modality modality{view.modality[i]};
    if (modality == Modality::padding) break;
    const bool is_new =
        i == 0 || view.segment[i] != view.segment[i - 1] ||
        (is_action(Modality{view.modality[i - 1]}) && !is_action(modality));
    if (is_new) steps.emplace_back();
    for (size_t kind = 0; kind < swapped_modalities.size(); ++kind) {
      if (modality == swapped_modalities[kind]) {
        steps.back()[kind].push_back(int64_t(i));
      }
    }
  }
  return steps;
}

}  // namespace

SwappedObservations::SwappedObservations(const SequenceSet& set) : set_(set) {
  for (int64_t i = 0; i < set.rows(); ++i) {
    rows_[{set.file_of(i), set.row(i).task}].push_back(i);
  }
}

SwappedObservations::Swapped SwappedObservations::row(int64_t i) const {
  constexpr size_t most_donors = 8;
  Swapped result;
  result.row = set_.row(i);
  SequenceView& view = result.row.view;
  result.tokens.assign(view.tokens.begin(), view.tokens.end());
  result.interval.assign(view.interval.begin(), view.interval.end());
  const std::vector<Step> steps = steps_of(view);
  const auto& rows = rows_.at({set_.file_of(i), result.row.task});
  const size_t own =
      std::lower_bound(rows.begin(), rows.end(), i) - rows.begin();
  const size_t donors = std::min(rows.size() - 1, most_donors);
  for (size_t k = 1; k <= donors && !result.is_changed; ++k) {
    const SequenceView donor = set_.row(rows[(own + k) % rows.size()]).view;
    const std::vector<Step> others = steps_of(donor);
    for (size_t step = 0; step < steps.size(); ++step) {
      for (size_t kind = 0; kind < swapped_modalities.size(); ++kind) {
        const std::vector<int64_t>& from = others[step % others.size()][kind];
        if (from.empty()) continue;
        const std::vector<int64_t>& to = steps[step][kind];
        for (size_t j = 0; j < to.size(); ++j) {
          const int64_t source = from[j % from.size()];
          result.tokens[to[j]] = donor.tokens[source];
          std::copy_n(donor.interval.begin() + 4 * source, 4,
                      result.interval.begin() + 4 * to[j]);
        }
      }
    }
    result.is_changed = !std::equal(result.tokens.begin(), result.tokens.end(),
                                    view.tokens.begin());
  }
  view.tokens = result.tokens;
  view.interval = result.interval;
  return result;
}

}  // namespace gato

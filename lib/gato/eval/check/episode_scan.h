// One pass over an episode, for the checks of datasets.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "gato/data/episode.h"
#include "gato/eval/check/media_scan.h"
#include "gato/eval/check/number_scan.h"
#include "gato/eval/check/text_coverage.h"

namespace gato::eval {

// The scan of a field. It is empty (std::monostate) if the field cannot be
// tokenized.
using FieldScan = std::variant<std::monostate, NumberScan, ImageScan, TextScan>;

struct EpisodeScan {
  int64_t id = 0;
  int64_t steps = 0;
  // One per field of the spec, in its order. `experts` are those of the
  // expert's actions; empty if the episode has none.
  std::vector<FieldScan> observations, actions, experts;
  uint64_t digest = 0;  // of all observations and actions that become tokens
  bool has_rewards = false;
  Occurrences bad_rewards;  // that are not finite
  int64_t nonzero_rewards = 0;
  std::optional<bool> success;
  bool ends_early = false;  // an end flag is set before the last step
};

// Scans episodes of one task. Thread-safe.
class EpisodeScanner {
 public:
  // `coverage`, which may be null, must outlive this object.
  EpisodeScanner(const data::TaskSpec& spec, const TextCoverage* coverage);

  EpisodeScan scan(const data::Episode& episode) const;

  // Returns why fields cannot be tokenized, as findings "space".
  const std::vector<Finding>& space_findings() const { return space_findings_; }

 private:
  using Scanners = std::vector<std::optional<NumberScanner>>;
  Scanners make_scanners(const std::vector<data::Field>& fields,
                         NumberScanner::Kind kind);
  std::vector<FieldScan> scan_columns(
      const std::vector<data::FieldColumn>& columns, const Scanners& scanners,
      const std::vector<data::Field>& fields, int64_t rows) const;

  data::TaskSpec spec_;
  const TextCoverage* coverage_;
  Scanners observation_scanners_, action_scanners_;
  std::vector<Finding> space_findings_;
};

}  // namespace gato::eval

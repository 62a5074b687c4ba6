// Summary of one field over the scans of all episodes.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "gato/data/space.h"
#include "gato/eval/check/episode_scan.h"
#include "gato/eval/check/finding.h"

namespace gato::eval {

class FieldSummary {
 public:
  enum class Kind { observation, action, expert_action };
  FieldSummary(const data::Field& field, Kind kind);

  void add(const FieldScan& scan, int64_t episode_id);
  // Appends the findings about the field.
  void report(std::vector<Finding>& findings) const;
  // Returns whether the field never changes within an episode, in at least one
  // of several steps.
  bool is_still() const { return long_episodes_ > 0 && changing_ == 0; }
  // Returns the largest number of tokens per step; 0 for texts.
  int64_t tokens() const { return tokens_; }

 private:
  void add_numbers(const NumberScan& scan, int64_t episode_id);
  void add_still(int64_t rows, bool changes);
  void update_clock(const NumberScan& scan);
  void update_id(const NumberScan& scan);
  void report_values(std::vector<Finding>& findings) const;
  void report_actions(std::vector<Finding>& findings) const;
  void report_still(std::vector<Finding>& findings) const;
  void report_counters(std::vector<Finding>& findings) const;
  void report_text_ids(std::vector<Finding>& findings) const;
  void report_media(std::vector<Finding>& findings) const;
  bool is_constant() const;
  bool is_goal() const;
  Finding make(Severity severity, const char* check, std::string message,
               int64_t count) const;

  data::Field field_;
  Kind kind_;
  std::string key_;
  int64_t elements_ = 1, tokens_ = 0;
  int64_t episodes_ = 0, rows_ = 0;
  Occurrences nan_, infinite_, outside_, without_token_, jumps_;
  Saturation saturation_;
  int64_t frozen_rows_ = 0;
  int64_t long_episodes_ = 0;  // of at least kMinStillRows rows
  int64_t changing_ = 0;       // of these, those in which the field changes
  std::vector<double> low_, high_;  // per element
  // Per element: the increment that all episodes share, 0 if there is none,
  // and whether the element increases in all of them.
  std::vector<double> increment_;
  std::vector<uint8_t> increases_;
  int64_t counted_episodes_ = 0;
  // Per element: the integer of the last episode, and whether it has increased
  // from episode to episode while it was constant within each.
  std::vector<double> last_integer_;
  std::vector<uint8_t> is_id_;
  Occurrences one_color_, not_utf8_;
  int64_t empty_texts_ = 0;
  // True if each episode has a single text that looks like an id, and the
  // digests of these texts.
  bool is_word_ = true;
  std::unordered_set<uint64_t> words_;
  TextTally text_;
};

}  // namespace gato::eval

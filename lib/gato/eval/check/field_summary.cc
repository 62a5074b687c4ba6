// Each report_...() function turns one group of counts into findings. Their
// limits are chosen so that what is common in sound data is no finding: an
// expert that switches between two extremes, a goal that never changes, sparse
// events, objects at rest.
#include "gato/eval/check/field_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gato/base/overloaded.h"
#include "gato/eval/check/key_names.h"

namespace gato::eval {
namespace {

// A field that keeps its value for fewer steps is not called constant.
constexpr int64_t kMinStillRows = 10;
constexpr double kMaxFrozenShare = 0.4;
constexpr double kMaxOneColorShare = 0.01;
constexpr int64_t kMinClockEpisodes = 2, kMinIdEpisodes = 5;

std::string key_of(const data::Field& field, FieldSummary::Kind kind) {
  if (kind != FieldSummary::Kind::expert_action) {
    return field.name;
  }
  return field.name == "action" ? "infos/expert_action"
                                : "infos/expert_action/" + field.name;
}

}  // namespace

FieldSummary::FieldSummary(const data::Field& field, Kind kind)
    : field_(field), kind_(kind), key_(key_of(field, kind)) {}

void FieldSummary::add(const FieldScan& scan, int64_t episode_id) {
  ++episodes_;
  std::visit(
      base::overloaded{
          [](std::monostate) {},
          [&](const NumberScan& numbers) { add_numbers(numbers, episode_id); },
          [&](const ImageScan& images) {
            rows_ += images.frames;
            tokens_ = std::max(tokens_, images.patches);
            one_color_.add_episode(images.one_color, episode_id);
            add_still(images.frames, images.changes);
          },
          [&](const TextScan& texts) {
            rows_ += texts.texts;
            empty_texts_ += texts.empty;
            not_utf8_.add_episode(texts.not_utf8, episode_id);
            is_word_ &= texts.is_word && !texts.changes;
            if (texts.texts > 0 && is_word_) {
              words_.insert(texts.first_digest);
            }
            text_ += texts.tally;
            add_still(texts.texts, texts.changes);
          }},
      scan);
}

void FieldSummary::add_still(int64_t rows, bool changes) {
  if (rows >= kMinStillRows) {
    ++long_episodes_;
    changing_ += changes;
  }
}

void FieldSummary::add_numbers(const NumberScan& scan, int64_t episode_id) {
  rows_ += scan.rows;
  nan_.add_episode(scan.nan, episode_id);
  infinite_.add_episode(scan.infinite, episode_id);
  outside_.add_episode(scan.outside, episode_id);
  without_token_.add_episode(scan.without_token, episode_id);
  jumps_.add_episode(scan.jumps, episode_id);
  saturation_ += scan.saturation;
  frozen_rows_ += scan.frozen_rows;
  add_still(scan.rows, scan.changes);
  if (low_.empty()) {
    elements_ = tokens_ = std::ssize(scan.low);
    low_ = scan.low;
    high_ = scan.high;
  }
  for (size_t e = 0; e < low_.size(); ++e) {
    low_[e] = std::min(low_[e], scan.low[e]);
    high_[e] = std::max(high_[e], scan.high[e]);
  }
  if (kind_ == Kind::observation) {
    update_clock(scan);
    update_id(scan);
  }
}

void FieldSummary::update_clock(const NumberScan& scan) {
  if (scan.rows < NumberScanner::kClockRows) {
    return;
  }
  if (counted_episodes_++ == 0) {
    increment_ = scan.increment;
    increases_ = scan.increases;
    return;
  }
  for (size_t e = 0; e < increment_.size(); ++e) {
    const bool is_equal = std::abs(scan.increment[e] - increment_[e]) <=
                          1e-3 * std::abs(increment_[e]);
    increment_[e] = is_equal ? increment_[e] : 0;
    increases_[e] &= scan.increases[e];
  }
}

void FieldSummary::update_id(const NumberScan& scan) {
  if (scan.rows == 0) {
    return;
  }
  const bool is_first = last_integer_.empty();
  if (is_first) {
    last_integer_.resize(scan.low.size());
    is_id_.assign(scan.low.size(), 1);
  }
  for (size_t e = 0; e < is_id_.size(); ++e) {
    const double value = scan.low[e];
    const bool is_integer = value == scan.high[e] && std::floor(value) == value;
    is_id_[e] &= static_cast<uint8_t>(is_integer &&
                                      (is_first || value > last_integer_[e]));
    last_integer_[e] = value;
  }
}

Finding FieldSummary::make(Severity severity, const char* check,
                           std::string message, int64_t count) const {
  return {severity, check, key_, std::move(message), count};
}

void FieldSummary::report(std::vector<Finding>& findings) const {
  report_values(findings);
  report_media(findings);
  if (kind_ == Kind::action) {
    report_actions(findings);
  }
  if (kind_ != Kind::expert_action) {
    report_still(findings);
    report_counters(findings);
  }
}

void FieldSummary::report_values(std::vector<Finding>& findings) const {
  const bool is_discrete = field_.role == data::Role::discrete;
  if (nan_.count > 0) {
    findings.push_back(make(
        Severity::error, "nan",
        fmt::format("{}, the first in {}: gato-tokenize refuses such episodes; "
                    "remove them or repair what recorded them",
                    counted(nan_.count, "NaN"), nan_.location(elements_)),
        nan_.count));
  }
  if (infinite_.count > 0) {
    findings.push_back(make(
        Severity::error, "infinity",
        fmt::format("{} infinite, the first in {}: an infinity would become "
                    "the token of the largest number; remove the episodes or "
                    "repair what recorded them",
                    infinite_.count == 1
                        ? "1 value is"
                        : fmt::format("{} values are", infinite_.count),
                    infinite_.location(elements_)),
        infinite_.count));
  }
  if (without_token_.count > 0) {
    findings.push_back(make(
        Severity::error, "no_token",
        fmt::format("{} without a token: {:.17g} in {} is not one of the 1024 "
                    "integers from the start of the space: correct the space, "
                    "or use --role {}=continuous",
                    counted(without_token_.count, "discrete value"),
                    without_token_.value, without_token_.location(elements_),
                    field_.name),
        without_token_.count));
  }
  if (outside_.count > 0) {
    const bool is_clipped = kind_ != Kind::observation && !is_discrete;
    findings.push_back(make(
        is_discrete ? Severity::error : Severity::warning, "outside_space",
        fmt::format("{} ({}) outside the space, the first, {:.6g}, in {}: {}",
                    counted(outside_.count, "value"),
                    percent(outside_.count, rows_ * elements_), outside_.value,
                    outside_.location(elements_),
                    is_clipped ? "gato-tokenize clips them to the bounds"
                    : is_discrete
                        ? "a model never predicts such a value; correct the "
                          "space of the dataset"
                        : "the space or the values are wrong"),
        outside_.count));
  }
  if (jumps_.count > 0) {
    findings.push_back(make(
        Severity::warning, "jump",
        fmt::format("{} far above the usual difference between steps, the "
                    "first (to {:.6g}) in {}: look for sensor errors and for "
                    "episodes that contain a reset",
                    counted(jumps_.count, "jump"), jumps_.value,
                    jumps_.location(elements_)),
        jumps_.count));
  }
}

void FieldSummary::report_actions(std::vector<Finding>& findings) const {
  // Values beyond the bounds are reported as such.
  if (saturation_.is_clipped() && 2 * outside_.count < saturation_.at_bound) {
    findings.push_back(make(
        Severity::warning, "clipped",
        fmt::format("{} of the values are at a bound of the space: unless the "
                    "policy switches between extremes, what it chose beyond "
                    "the bounds is lost; check the scale of the actions",
                    percent(saturation_.at_bound, saturation_.values)),
        saturation_.at_bound));
  }
  if (static_cast<double>(frozen_rows_) >
      kMaxFrozenShare * static_cast<double>(rows_)) {
    findings.push_back(make(
        Severity::warning, "frozen",
        fmt::format("{} of the steps repeat the same action at least {} times: "
                    "remove what was recorded while no agent acted",
                    percent(frozen_rows_, rows_), NumberScanner::kFrozenRows),
        frozen_rows_));
  }
}

// Texts and fields with such names are constant in many tasks.
bool FieldSummary::is_goal() const {
  return field_.role == data::Role::text || is_goal_name(field_.name);
}

bool FieldSummary::is_constant() const {
  return !low_.empty() && low_ == high_;
}

void FieldSummary::report_still(std::vector<Finding>& findings) const {
  const bool is_observation = kind_ == Kind::observation;
  if (rows_ < kMinStillRows || (is_observation && is_goal())) {
    return;
  }
  if (is_constant()) {
    findings.push_back(
        make(Severity::warning, "constant",
             fmt::format("the same value in all {} steps: {}", rows_,
                         is_observation
                             ? "it costs tokens and carries no information"
                             : "there is nothing to learn about this action"),
             rows_));
    return;
  }
  const int64_t still = long_episodes_ - changing_;
  if (field_.role == data::Role::image && still > 0) {
    findings.push_back(make(
        Severity::warning, "never_changes",
        fmt::format("all images of an episode are equal in {} of {} episodes "
                    "of at least {} steps: the camera may have stopped, or the "
                    "same buffer was recorded repeatedly",
                    still, long_episodes_, kMinStillRows),
        still));
  }
}

void FieldSummary::report_counters(std::vector<Finding>& findings) const {
  const auto describe = [this](size_t element) {
    return elements_ == 1 ? std::string("it")
                          : fmt::format("element {}", element);
  };
  const bool has_name = is_counter_name(field_.name);
  for (size_t e = 0; e < increment_.size(); ++e) {
    const bool is_linear = increment_[e] != 0;
    if (counted_episodes_ >= kMinClockEpisodes &&
        (is_linear || (has_name && increases_[e] != 0))) {
      findings.push_back(make(
          Severity::warning, "clock",
          fmt::format(
              "{} {} in all {} episodes: a policy may learn the time of each "
              "action instead of what it sees; remove it unless the task "
              "depends on the time",
              describe(e),
              is_linear ? fmt::format("changes by {:.6g} in every step",
                                      increment_[e])
                        : "increases in every step",
              counted_episodes_),
          counted_episodes_));
      break;
    }
  }
  for (size_t e = 0; e < is_id_.size(); ++e) {
    if (episodes_ >= kMinIdEpisodes && is_id_[e] != 0) {
      findings.push_back(make(
          Severity::warning, "id",
          fmt::format("{} is an integer that increases with each of the {} "
                      "episodes, like an id: a policy may memorize the "
                      "episodes; remove it",
                      describe(e), episodes_),
          episodes_));
      break;
    }
  }
}

// Appends a finding if the texts are file names or other identifiers.
void FieldSummary::report_text_ids(std::vector<Finding>& findings) const {
  if (is_word_ && episodes_ >= kMinIdEpisodes &&
      std::ssize(words_) == episodes_) {
    findings.push_back(make(
        Severity::warning, "id",
        fmt::format("each of the {} episodes has a different word with digits, "
                    "like an id: a policy may memorize the episodes; remove it",
                    episodes_),
        episodes_));
  }
}

void FieldSummary::report_media(std::vector<Finding>& findings) const {
  const auto limit = kMaxOneColorShare * static_cast<double>(rows_);
  if (one_color_.count > 0 && static_cast<double>(one_color_.count) >= limit) {
    findings.push_back(
        make(Severity::warning, "one_color",
             fmt::format("{} of {} images have one color, the first in {}: the "
                         "camera or the renderer may have failed",
                         one_color_.count, rows_, one_color_.location(1)),
             one_color_.count));
  }
  if (not_utf8_.count > 0) {
    findings.push_back(make(
        Severity::error, "not_utf8",
        fmt::format("{} not UTF-8, the first in {} (byte {}): gato-tokenize "
                    "refuses such episodes",
                    not_utf8_.count == 1
                        ? "1 text is"
                        : fmt::format("{} texts are", not_utf8_.count),
                    not_utf8_.location(1), not_utf8_.element),
        not_utf8_.count));
  }
  if (empty_texts_ > 0) {
    findings.push_back(
        make(Severity::warning, "empty_text",
             fmt::format("{} of {} texts are empty", empty_texts_, rows_),
             empty_texts_));
  }
  find_text_faults(text_, key_, findings);
  report_text_ids(findings);
}

}  // namespace gato::eval

// A time step ends with the tokens of its numeric observations, the separator
// and the tokens of its actions. The numbers of the former and the latter
// follow from the task, so that keys are found by counting from the separator.
#include "gato/eval/check/task_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gato/eval/check/key_names.h"

namespace gato::eval {
namespace {

constexpr int64_t kMinStillSteps = 10, kMinFrozenSteps = 10;
constexpr double kMaxClippedObservations = 0.01;
constexpr double kMaxFrozenShare = 0.4, kMaxOneColorShare = 0.01;
constexpr double kMaxRepeatedTexts = 0.01;

bool is_above(int64_t part, int64_t all, double share) {
  return static_cast<double>(part) > share * static_cast<double>(all);
}

}  // namespace

void TaskTokens::Part::append(const data::Field& field, bool is_action) {
  if (field.role != data::Role::discrete &&
      field.role != data::Role::continuous) {
    return;
  }
  const auto count = static_cast<size_t>(data::element_count(field.shape));
  keys.push_back({field.name,
                  tokens,
                  count,
                  is_action,
                  field.role == data::Role::continuous,
                  {}});
  tokens += count;
}

TaskTokens::TaskTokens(const data::TaskEntry& task,
                       const data::Vocabulary& vocabulary)
    : name_(task.spec.name), continuous_begin_(vocabulary.continuous_begin()) {
  for (const data::Field& field : task.spec.observation_fields) {
    observation_.append(field, false);
  }
  for (const data::Field& field : task.spec.action_fields) {
    action_.append(field, true);
    has_discrete_actions_ |= field.role == data::Role::discrete;
  }
}

// Returns -1 for the first bin, 1 for the last one and 0 for others.
int TaskTokens::side_of(int32_t id) const {
  const int32_t last = continuous_begin_ + data::Vocabulary::kBinCount - 1;
  return static_cast<int>(id == last) -
         static_cast<int>(id == continuous_begin_);
}

void TaskTokens::add(const data::TokenizedDocument& document,
                     const PatchColors& colors, const TextCoverage* coverage) {
  for (size_t s = 0; s + 1 < document.step_offset.size(); ++s) {
    add_step(document, static_cast<size_t>(document.step_offset[s]),
             static_cast<size_t>(document.step_offset[s + 1]));
  }
  end_run();
  last_action_.clear();
  for (const data::TokenizedImage& image : document.images) {
    // The last image of a row may be truncated.
    if (image.first_token + int64_t{image.rows} * image.columns >
        std::ssize(document.tokens)) {
      continue;
    }
    ++images_;
    one_color_ += colors.is_one_color(document, image);
  }
  if (coverage != nullptr) {
    add_texts(document, *coverage);
  }
}

void TaskTokens::add_step(const data::TokenizedDocument& document, size_t begin,
                          size_t end) {
  const auto first = document.modality.begin();
  const auto separator = std::find(first + static_cast<std::ptrdiff_t>(begin),
                                   first + static_cast<std::ptrdiff_t>(end),
                                   data::Modality::separator) -
                         first;
  const auto position = static_cast<size_t>(separator);
  if (position >= end) {
    return;
  }
  max_observation_tokens_ =
      std::max(max_observation_tokens_, static_cast<int64_t>(position - begin));
  const std::span<const int32_t> tokens(document.tokens);
  if (position - begin >= observation_.tokens) {
    add_part(
        tokens.subspan(position - observation_.tokens, observation_.tokens),
        observation_);
  }
  if (end - position - 1 == action_.tokens && action_.tokens > 0) {
    const auto ids = tokens.subspan(position + 1, action_.tokens);
    add_part(ids, action_);
    if (!has_discrete_actions_) {
      add_action(ids);
    }
  }
}

void TaskTokens::add_part(std::span<const int32_t> ids, Part& part) {
  if (part.steps++ == 0) {
    part.first.assign(ids.begin(), ids.end());
    part.changes.assign(ids.size(), 0);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    part.changes[i] |= static_cast<uint8_t>(ids[i] != part.first[i]);
  }
  part.sides.resize(ids.size());
  for (Key& key : part.keys) {
    for (size_t i = key.first; key.is_continuous && i < key.first + key.count;
         ++i) {
      const int side = side_of(ids[i]);
      key.saturation.add(side, part.sides[i]);
      part.sides[i] = static_cast<int8_t>(side);
    }
  }
}

void TaskTokens::add_action(std::span<const int32_t> ids) {
  if (std::ranges::equal(ids, last_action_)) {
    ++equal_actions_;
    return;
  }
  end_run();
  last_action_.assign(ids.begin(), ids.end());
  equal_actions_ = 1;
}

// Runs at rest, in the bins next to 0, or at the bounds do not count: there,
// different actions are likely to have the same tokens.
void TaskTokens::end_run() {
  const int32_t center = continuous_begin_ + data::Vocabulary::kBinCount / 2;
  const bool is_frozen =
      std::ranges::any_of(last_action_, [this, center](int32_t id) {
        return side_of(id) == 0 && id != center && id != center - 1;
      });
  if (equal_actions_ >= kMinFrozenSteps && is_frozen) {
    frozen_steps_ += equal_actions_;
  }
  equal_actions_ = 0;
}

void TaskTokens::add_texts(const data::TokenizedDocument& document,
                           const TextCoverage& coverage) {
  const auto& modality = document.modality;
  const std::span<const int32_t> tokens(document.tokens);
  for (size_t i = 0; i < tokens.size();) {
    size_t end = i;
    while (end < tokens.size() && modality[end] == data::Modality::text) {
      ++end;
    }
    if (end > i) {
      coverage.add_pieces(tokens.subspan(i, end - i), text_);
    }
    i = std::max(end, i + 1);
  }
}

void TaskTokens::add_complete(const data::TokenizedDocument& document,
                              bool repeats_another) {
  ++documents_;
  repeated_ += repeats_another;
  if (document.is_episode) {
    ++episodes_by_source_[document.source_index];
    length_one_ += document.step_offset.size() == 2;
    with_return_ +=
        !std::isnan(document.total_reward) && document.total_reward != 0;
  }
}

void TaskTokens::add_finding(const char* check, const std::string& key,
                             std::string message, int64_t count,
                             std::vector<Finding>& findings) const {
  findings.push_back({Severity::warning, check,
                      key.empty() ? name_ : name_ + ":" + key,
                      std::move(message), count});
}

void TaskTokens::report(const std::vector<std::string>& sources,
                        std::vector<Finding>& findings) const {
  report_documents(sources, findings);
  report_part(observation_, findings);
  report_part(action_, findings);
  if (is_above(frozen_steps_, action_.steps, kMaxFrozenShare)) {
    add_finding(
        "frozen", "",
        fmt::format("{} of the steps repeat the same action at least {} times",
                    percent(frozen_steps_, action_.steps), kMinFrozenSteps),
        frozen_steps_, findings);
  }
  if (one_color_ > 0 && is_above(one_color_, images_, kMaxOneColorShare)) {
    add_finding(
        "one_color", "",
        fmt::format("{} of {} images have one color", one_color_, images_),
        one_color_, findings);
  }
  if (max_observation_tokens_ > data::TokenRow::kLocalPositionCount) {
    add_finding("long_step", "",
                fmt::format("an observation has {} tokens, but those from "
                            "index {} on share one position: tokenize the data "
                            "again with smaller images (--resize)",
                            max_observation_tokens_,
                            data::TokenRow::kLocalPositionCount),
                max_observation_tokens_, findings);
  }
  find_text_faults(text_, name_, findings);
}

void TaskTokens::report_part(const Part& part,
                             std::vector<Finding>& findings) const {
  for (const Key& key : part.keys) {
    const auto changes = std::span(part.changes)
                             .subspan(std::min(key.first, part.changes.size()),
                                      part.changes.empty() ? 0 : key.count);
    const bool is_constant = part.steps >= kMinStillSteps &&
                             std::ranges::find(changes, 1) == changes.end();
    if (is_constant && (key.is_action || !is_goal_name(key.name))) {
      add_finding("constant", key.name,
                  fmt::format("the same tokens in all {} steps", part.steps),
                  part.steps, findings);
      continue;
    }
    const Saturation& found = key.saturation;
    const bool is_clipped =
        key.is_action
            ? found.is_clipped()
            : is_above(found.at_bound, found.values, kMaxClippedObservations);
    if (is_clipped) {
      add_finding(
          "clipped", key.name,
          fmt::format("{} of the values are in the outermost bins{}",
                      percent(found.at_bound, found.values),
                      key.is_action ? ": unless the policy switches between "
                                      "extremes, check the scale of the actions"
                                    : ", which are those of values beyond 250: "
                                      "scale the observations"),
          found.at_bound, findings);
    }
  }
}

void TaskTokens::report_documents(const std::vector<std::string>& sources,
                                  std::vector<Finding>& findings) const {
  int64_t episodes = 0;
  for (const auto& [source, count] : episodes_by_source_) {
    episodes += count;
    if (count == 1) {
      add_finding(
          "prompt", "",
          fmt::format("no prompts can be sampled for the only episode of the "
                      "agent \"{}\"",
                      sources.at(static_cast<size_t>(source))),
          1, findings);
    }
  }
  if (length_one_ > 0) {
    add_finding("length_one", "",
                fmt::format("{} of {} episodes have a single step", length_one_,
                            episodes),
                length_one_, findings);
  }
  if (episodes > 0 && with_return_ == 0) {
    add_finding("reward", "",
                fmt::format("the return of all {} episodes is 0 or unknown: "
                            "the choice of the best demonstration is arbitrary",
                            episodes),
                episodes, findings);
  }
  const bool is_episodic = episodes > 0 && has_discrete_actions_ == false;
  if (repeated_ > 0 &&
      (is_episodic || is_above(repeated_, documents_, kMaxRepeatedTexts))) {
    add_finding("repeated", "",
                fmt::format("{} of {} documents repeat an earlier one",
                            repeated_, documents_),
                repeated_, findings);
  }
}

}  // namespace gato::eval

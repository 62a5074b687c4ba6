#include "gato/eval/check/finding.h"

#include <fmt/format.h>

#include <algorithm>

namespace gato::eval {

const char* severity_name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

nlohmann::ordered_json finding_to_json(const Finding& finding) {
  return {{"severity", severity_name(finding.severity)},
          {"check", finding.check},
          {"key", finding.key},
          {"message", finding.message},
          {"count", finding.count}};
}

void sort_findings(std::vector<Finding>& findings) {
  std::ranges::stable_sort(
      findings, [](Severity a, Severity b) { return a > b; },
      &Finding::severity);
}

void Occurrences::add_episode(const Occurrences& other, int64_t episode_id) {
  if (other.count == 0) {
    return;
  }
  const int64_t sum = count + other.count;
  if (count == 0) {
    *this = other;
    episode = episode_id;
  }
  count = sum;
}

std::string Occurrences::location(int64_t elements) const {
  std::string text = fmt::format("episode {}, step {}", episode, row);
  return elements == 1 ? text : fmt::format("{}, element {}", text, element);
}

std::string counted(int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string percent(int64_t part, int64_t all) {
  const double share =
      all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
  if (share > 0 && share < 0.1) {
    return "less than 0.1 %";
  }
  // A share that is not everything must not be rounded to it.
  return share >= 99.5 && part < all
             ? fmt::format("{:.1f} %", std::min(share, 99.9))
         : share < 10 ? fmt::format("{:.1f} %", share)
                      : fmt::format("{:.0f} %", share);
}

}  // namespace gato::eval

#include "gato/train/input/fingerprint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gato::train {
namespace {

// Returns at most `limit` of the names, for a message.
std::string join_names(const std::vector<std::string>& names, size_t limit) {
  const size_t count = std::min(names.size(), limit);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + count, ", "));
  if (names.size() > count) {
    text += fmt::format(" and {} more", names.size() - count);
  }
  return text;
}

// Collects the differences between two fingerprints. Nested keys are written as
// "vocabulary.size" and "mixture[0].weight".
class FingerprintDifference {
 public:
  explicit FingerprintDifference(const std::vector<std::string>& files)
      : files_(files) {}

  void compare(const std::string& key, const nlohmann::json& expected,
               const nlohmann::json& found) {
    if (expected == found || key == "digest") {
      return;
    }
    if (expected.is_object() && found.is_object()) {
      nlohmann::json keys = expected;
      keys.update(found);
      for (const auto& [name, unused] : keys.items()) {
        compare(key.empty() ? name : fmt::format("{}.{}", key, name),
                expected.value(name, nlohmann::json()),
                found.value(name, nlohmann::json()));
      }
    } else if (expected.is_array() && found.is_array()) {
      compare_lists(key, expected, found);
    } else {
      changes_.push_back(
          fmt::format("{} is {}, not {}", key, found.dump(), expected.dump()));
    }
  }

  const std::vector<std::string>& changes() const { return changes_; }

 private:
  // The lists have one element per file, or per entry of a mixture.
  void compare_lists(const std::string& key, const nlohmann::json& expected,
                     const nlohmann::json& found) {
    if (expected.size() != found.size()) {
      changes_.push_back(fmt::format("there are {} {} ({}), not {}",
                                     found.size(),
                                     key == "sequences" ? "files" : key,
                                     join_names(files_, 3), expected.size()));
      return;
    }
    for (size_t i = 0; i < found.size(); ++i) {
      if (expected[i] == found[i]) {
        continue;
      }
      const std::string file = i < files_.size() ? files_[i] : key;
      if (key == "sequences") {
        changes_.push_back(fmt::format("{} has {} sequences, not {}", file,
                                       found[i].dump(), expected[i].dump()));
      } else {
        const size_t first = changes_.size();
        compare(fmt::format("{}[{}]", key, i), expected[i], found[i]);
        for (size_t change = first; change < changes_.size(); ++change) {
          changes_[change] += fmt::format(" ({})", file);
        }
      }
    }
  }

  const std::vector<std::string>& files_;
  std::vector<std::string> changes_;
};

}  // namespace

std::string describe_fingerprint_change(const nlohmann::json& expected,
                                        const nlohmann::json& found,
                                        const std::vector<std::string>& files) {
  constexpr size_t kMaxChanges = 4;
  if (expected == found) {
    return "";
  }
  FingerprintDifference difference(files);
  difference.compare("", expected, found);
  if (!difference.changes().empty()) {
    return join_names(difference.changes(), kMaxChanges);
  }
  // The digest differs whenever anything else does, so it is named only if the
  // content alone has changed.
  const auto digest_of = [](const nlohmann::json& fingerprint) {
    return fingerprint.value("digest", nlohmann::json()).dump();
  };
  return fmt::format("the content of {} has the digest {}, not {}",
                     join_names(files, 3), digest_of(found),
                     digest_of(expected));
}

}  // namespace gato::train

#include "gato/ingest/episodes/numbered_groups.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace gato::ingest {
namespace {

constexpr size_t kMaxDigits = 18;  // so that any number fits into int64

std::optional<int64_t> number_suffix(const std::string& name,
                                     std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  const std::string digits = name.substr(prefix.size());
  if (digits.empty() || digits.size() > kMaxDigits ||
      (digits.size() > 1 && digits.front() == '0') ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoll(digits);
}

}  // namespace

std::vector<int64_t> sorted_number_suffixes(
    const std::vector<std::string>& names, std::string_view prefix) {
  std::vector<int64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = number_suffix(name, prefix)) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::vector<std::string> unnumbered_names(const std::vector<std::string>& names,
                                          std::string_view prefix) {
  std::vector<std::string> others;
  std::ranges::copy_if(
      names, std::back_inserter(others),
      [&](const std::string& name) { return !number_suffix(name, prefix); });
  return others;
}

}  // namespace gato::ingest

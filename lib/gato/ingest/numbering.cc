#include "gato/ingest/numbering.h"

#include <algorithm>

namespace gato {
namespace {

constexpr size_t most_digits = 18;  // that an int64 holds whatever they are

}  // namespace

std::vector<int64_t> numbers_of(const std::vector<std::string>& names,
                                std::string_view prefix) {
  std::vector<int64_t> numbers;
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    const std::string digits = name.substr(prefix.size());
    if (digits.empty() || digits.size() > most_digits ||
        (digits.size() > 1 && digits.front() == '0') ||
        digits.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    numbers.push_back(std::stoll(digits));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace gato

#include "gato/ingest/episodes/numbered_groups.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"

namespace gato::ingest {
namespace {

constexpr size_t kMaxDigits = 18;  // so that any number fits into int64

std::optional<int64_t> number_suffix(const std::string& name,
                                     std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  const std::string digits = name.substr(prefix.size());
  if (digits.size() > kMaxDigits || !base::is_digits(digits)) {
    return std::nullopt;
  }
  return std::stoll(digits);
}

}  // namespace

std::vector<NumberedName> sort_numbered_names(
    const std::vector<std::string>& names, std::string_view prefix) {
  std::vector<NumberedName> numbered;
  for (const std::string& name : names) {
    if (const auto number = number_suffix(name, prefix)) {
      numbered.push_back({*number, name});
    }
  }
  std::ranges::stable_sort(numbered, {}, &NumberedName::number);
  const auto same =
      std::ranges::adjacent_find(numbered, {}, &NumberedName::number);
  if (same != numbered.end()) {
    throw base::input_error(
        "'{}' and '{}' have the same number: rename or remove one of them",
        same->name, std::next(same)->name);
  }
  return numbered;
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

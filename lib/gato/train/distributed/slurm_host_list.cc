#include "gato/train/distributed/slurm_host_list.h"

#include <fmt/format.h>

#include "gato/base/parse_number.h"

// Grammar of the host lists that `scontrol show hostnames` expands:
//   list  = name {"," name}
//   name  = text {"[" range {"," range} "]" text}
//   range = number ["-" number]
namespace gato::train {
namespace {

constexpr size_t kMaxHosts = 65536;

base::Error malformed_list_error(std::string_view list) {
  return base::usage_error(
      "'{}' is not a valid Slurm list: set MASTER_ADDR to the host of rank 0",
      list);
}

// Splits at the commas outside brackets. Throws if brackets are nested or
// unbalanced.
std::vector<std::string_view> split_outside_brackets(std::string_view list) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= list.size(); ++i) {
    if (i == list.size() || (list[i] == ',' && depth == 0)) {
      parts.push_back(list.substr(begin, i - begin));
      begin = i + 1;
    } else if (list[i] == '[') {
      ++depth;
    } else if (list[i] == ']') {
      --depth;
    }
    if (depth < 0 || depth > 1) {
      throw malformed_list_error(list);
    }
  }
  if (depth != 0) {
    throw malformed_list_error(list);
  }
  return parts;
}

int64_t parse_count(std::string_view digits, std::string_view list) {
  if (digits.size() > 18 || !base::is_digits(digits)) {
    throw malformed_list_error(list);
  }
  return base::parse_number<int64_t>(digits, list);
}

// Expands "01-03,7" to 01 02 03 7. The numbers of a range are zero-padded to
// the width of its first number.
std::vector<std::string> expand_ranges(std::string_view ranges) {
  std::vector<std::string> numbers;
  for (const std::string_view range : split_outside_brackets(ranges)) {
    const size_t dash = range.find('-');
    const std::string_view first = range.substr(0, dash);
    const int64_t low = parse_count(first, ranges);
    const int64_t high = dash == std::string_view::npos
                             ? low
                             : parse_count(range.substr(dash + 1), ranges);
    if (high < low || high - low >= int64_t{kMaxHosts}) {
      throw malformed_list_error(ranges);
    }
    for (int64_t number = low; number <= high; ++number) {
      numbers.push_back(fmt::format("{:0{}}", number, first.size()));
    }
  }
  return numbers;
}

// Appends all hosts of one name to `hosts`. `before` is the part that is
// already expanded, `rest` the part whose brackets follow from left to right.
void expand_brackets(const std::string& before, std::string_view rest,
                     std::vector<std::string>& hosts) {
  const size_t open = rest.find('[');
  if (open == std::string_view::npos) {
    if (before.empty() && rest.empty()) {
      throw malformed_list_error(rest);
    }
    if (hosts.size() == kMaxHosts) {
      throw malformed_list_error(rest);
    }
    hosts.push_back(before + std::string(rest));
    return;
  }
  const size_t close = rest.find(']');
  for (const std::string& number :
       expand_ranges(rest.substr(open + 1, close - open - 1))) {
    expand_brackets(before + std::string(rest.substr(0, open)) + number,
                    rest.substr(close + 1), hosts);
  }
}

}  // namespace

std::vector<std::string> expand_host_list(std::string_view list) {
  std::vector<std::string> hosts;
  for (const std::string_view part : split_outside_brackets(list)) {
    expand_brackets("", part, hosts);
  }
  return hosts;
}

std::vector<int64_t> expand_tasks_per_node(std::string_view list) {
  std::vector<int64_t> counts;
  for (const std::string_view part : split_outside_brackets(list)) {
    const size_t times = part.find("(x");
    if (times != std::string_view::npos && part.back() != ')') {
      throw malformed_list_error(list);
    }
    const int64_t repeats =
        times == std::string_view::npos
            ? 1
            : parse_count(part.substr(times + 2, part.size() - times - 3),
                          list);
    if (repeats > int64_t{kMaxHosts}) {
      throw malformed_list_error(list);
    }
    counts.insert(counts.end(), repeats,
                  parse_count(part.substr(0, times), list));
  }
  return counts;
}

}  // namespace gato::train

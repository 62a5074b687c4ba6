#include "gato/base/shard.h"

#include "gato/base/error.h"
#include "gato/base/parse_number.h"

namespace gato::base {

Shard::Range Shard::range_of(int64_t total) const {
  const int64_t quotient = total / count, rest = total % count;
  const auto begin = [&](int64_t part) {
    return part * quotient + part * rest / count;
  };
  return {begin(number - 1), begin(number)};
}

Shard parse_shard(const std::string& text) {
  constexpr int64_t max_count = 1 << 20;
  const size_t slash = text.find('/');
  if (slash == std::string::npos) {
    throw usage_error("option --shard: '{}' is no I/N, for example 1/8", text);
  }
  const std::string_view view = text;
  Shard shard;
  shard.number = parse_number<int64_t>(view.substr(0, slash),
                                       "option --shard: the number");
  shard.count = parse_number<int64_t>(view.substr(slash + 1),
                                      "option --shard: the count");
  if (shard.count < 1 || shard.count > max_count || shard.number < 1 ||
      shard.number > shard.count) {
    throw usage_error(
        "option --shard: '{}' is no part: I/N counts from 1/N to N/N, N at "
        "most {}",
        text, max_count);
  }
  return shard;
}

}  // namespace gato::base

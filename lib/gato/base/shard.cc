#include "gato/base/shard.h"

#include "gato/base/error.h"
#include "gato/base/parse_number.h"

namespace gato::base {

Shard::Range Shard::range_of(int64_t total) const {
  const int64_t quotient = total / count, remainder = total % count;
  // Equals shard * total / count, but does not overflow.
  const auto begin = [&](int64_t shard) {
    return shard * quotient + shard * remainder / count;
  };
  return {begin(number - 1), begin(number)};
}

Shard parse_shard(const std::string& text) {
  constexpr int64_t kMaxCount = 1 << 20;
  const size_t slash = text.find('/');
  if (slash == std::string::npos) {
    throw usage_error("'{}' is not of the form I/N, for example 1/8", text);
  }
  const std::string_view view = text;
  Shard shard;
  shard.number = parse_number<int64_t>(view.substr(0, slash), "I");
  shard.count = parse_number<int64_t>(view.substr(slash + 1), "N");
  if (shard.count < 1 || shard.count > kMaxCount || shard.number < 1 ||
      shard.number > shard.count) {
    throw usage_error(
        "'{}' is out of range: I is between 1 and N, and N is at most {}", text,
        kMaxCount);
  }
  return shard;
}

}  // namespace gato::base

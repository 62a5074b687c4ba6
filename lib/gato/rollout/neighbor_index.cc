// A search reads the standardized rows in single precision and keeps every row
// that can be among the nearest given the rounding errors. The distances of
// these few are then computed in double precision, so that the result is that
// of the definition.
//
// Rows are stored in blocks of 16, element by element, so that one instruction
// works on several rows. A block is abandoned as soon as all of its rows are
// too far away, and it stays in the cache for the other queries. Usually a
// search is limited by the memory from which it reads the rows.
#include "gato/rollout/neighbor_index.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace gato::rollout {
namespace {

constexpr int64_t kLanes = 16;
// Elements after which a block may be abandoned.
constexpr int64_t kChunk = 8;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kMaxFloat = std::numeric_limits<float>::max();
constexpr double kRoundingUnit = 0x1p-24;  // of single precision

// The square of a number that does not fit is infinite either way, and rows at
// an infinite distance are never left out.
float to_float(double value) {
  return static_cast<float>(std::clamp(value, -kMaxFloat, kMaxFloat));
}

using Lanes [[gnu::vector_size(sizeof(float) * kLanes)]] = float;

// Returns whether any of the numbers is at most `limit`.
[[gnu::always_inline]] inline bool any_at_most(const Lanes& numbers,
                                               float limit) {
  using Half [[gnu::vector_size(sizeof(Lanes) / 2)]] = uint64_t;
  using Quarter [[gnu::vector_size(sizeof(Lanes) / 4)]] = uint64_t;
  const auto is_near = numbers <= limit;  // all bits of a lane are equal
  Half halves[2];
  std::memcpy(halves, &is_near, sizeof is_near);
  const Half half = halves[0] | halves[1];
  Quarter quarters[2];
  std::memcpy(quarters, &half, sizeof half);
  const Quarter quarter = quarters[0] | quarters[1];
  return (quarter[0] | quarter[1]) != 0;
}

// Computes the distances of the rows of a block, [width, kLanes], to a query.
// Returns whether any of them is at most `limit`; otherwise they may be too
// small. Four sums at a time hide the latency of the additions.
[[gnu::always_inline]] inline bool compute_distances(const float* block,
                                                     const float* query,
                                                     int64_t width, float limit,
                                                     float* distances) {
  const auto add_square = [=](int64_t i, Lanes& sum) {
    Lanes row;
    std::memcpy(&row, block + i * kLanes, sizeof row);
    const Lanes difference = row - query[i];
    sum += difference * difference;
  };
  Lanes sums = {};
  int64_t i = 0;
  for (; i + kChunk <= width; i += kChunk) {
    Lanes a = {}, b = {}, c = {}, d = {};
    for (int64_t j = i; j < i + kChunk; j += 4) {
      add_square(j, a);
      add_square(j + 1, b);
      add_square(j + 2, c);
      add_square(j + 3, d);
    }
    sums += (a + b) + (c + d);
    if (!any_at_most(sums, limit)) {
      return false;
    }
  }
  for (; i < width; ++i) {
    add_square(i, sums);
  }
  std::memcpy(distances, &sums, sizeof sums);
  return any_at_most(sums, limit);
}

using Kernel = bool (*)(const float*, const float*, int64_t, float, float*);

bool generic_kernel(const float* block, const float* query, int64_t width,
                    float limit, float* distances) {
  return compute_distances(block, query, width, limit, distances);
}

#ifdef __x86_64__
[[gnu::target("avx2,fma")]] bool avx2_kernel(const float* block,
                                             const float* query, int64_t width,
                                             float limit, float* distances) {
  return compute_distances(block, query, width, limit, distances);
}
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,fma")]] bool avx512_kernel(
    const float* block, const float* query, int64_t width, float limit,
    float* distances) {
  return compute_distances(block, query, width, limit, distances);
}
#endif

// Returns the fastest kernel that the processor supports.
Kernel choose_kernel() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq")) {
    return avx512_kernel;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return avx2_kernel;
  }
#endif
  return generic_kernel;
}

}  // namespace

void NeighborIndex::add_row(std::span<const double> row, int64_t group) {
  assert(std::ssize(row) == width_);
  rows_.insert(rows_.end(), row.begin(), row.end());
  groups_of_rows_.push_back(group);
}

void NeighborIndex::finish() {
  compute_scales();
  make_blocks();
}

// Sums begin at the first row: the differences of large, close numbers are
// exact, and those of equal numbers 0.
void NeighborIndex::compute_scales() {
  const auto count = static_cast<double>(row_count());
  const std::vector<double> first(rows_.begin(), rows_.begin() + width_);
  means_.assign(width_, 0);
  deviations_.assign(width_, 0);
  for (size_t i = 0; i < rows_.size(); ++i) {
    means_[i % width_] += (rows_[i] - first[i % width_]) / count;
  }
  for (int64_t i = 0; i < width_; ++i) {
    means_[i] += first[i];
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    const double difference = rows_[i] - means_[i % width_];
    deviations_[i % width_] += difference * difference / count;
  }
  for (double& deviation : deviations_) {
    deviation = deviation > 0 ? std::sqrt(deviation) : 1;
  }
}

void NeighborIndex::make_blocks() {
  std::vector<int64_t> order(row_count());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, {}, [this](int64_t number) { return groups_of_rows_[number]; });
  int64_t lane = kLanes;
  for (const int64_t number : order) {
    const int64_t group = groups_of_rows_[number];
    if (lane == kLanes || std::ssize(group_begins_) <= group) {
      lane = 0;
      group_begins_.resize(std::max<size_t>(group_begins_.size(), group + 1),
                           std::ssize(block_numbers_) / kLanes);
      blocks_.resize(blocks_.size() + width_ * kLanes, kInfinity);
      block_numbers_.resize(block_numbers_.size() + kLanes, -1);
    }
    float* block = blocks_.data() + blocks_.size() - width_ * kLanes;
    double squared_norm = 0;
    for (int64_t i = 0; i < width_; ++i) {
      const double value =
          (rows_[number * width_ + i] - means_[i]) / deviations_[i];
      block[i * kLanes + lane] = to_float(value);
      squared_norm += value * value;
    }
    max_norm_ = std::max(max_norm_, std::sqrt(squared_norm));
    block_numbers_[block_numbers_.size() - kLanes + lane] = number;
    ++lane;
  }
  group_begins_.push_back(std::ssize(block_numbers_) / kLanes);
}

double NeighborIndex::distance(std::span<const double> row,
                               int64_t number) const {
  double sum = 0;
  for (int64_t i = 0; i < width_; ++i) {
    const double difference =
        (row[i] - rows_[number * width_ + i]) / deviations_[i];
    sum += difference * difference;
  }
  return sum;
}

// One query while the blocks are read.
class NeighborIndex::Search {
 public:
  Search(const NeighborIndex& index, const Query& query)
      : index_(index), query_(query), row_(index.width_) {
    double squared_norm = 0;
    for (int64_t i = 0; i < index.width_; ++i) {
      const double value =
          (query.row[i] - index.means_[i]) / index.deviations_[i];
      row_[i] = to_float(value);
      squared_norm += value * value;
    }
    norms_ = std::sqrt(squared_norm) + index.max_norm_;
  }

  // Returns whether a group is to be searched. Groups must be requested in
  // increasing order.
  bool wants_group(int64_t group) {
    while (next_group_ < query_.groups.size() &&
           query_.groups[next_group_] < group) {
      ++next_group_;
    }
    return next_group_ < query_.groups.size() &&
           query_.groups[next_group_] == group;
  }

  void read_block(Kernel kernel, int64_t block) {
    float distances[kLanes];
    if (!kernel(index_.blocks_.data() + block * index_.width_ * kLanes,
                row_.data(), index_.width_, limit_, distances)) {
      return;
    }
    const int64_t* numbers = index_.block_numbers_.data() + block * kLanes;
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      if (numbers[lane] >= 0 && distances[lane] <= limit_) {
        add_candidate(distances[lane], numbers[lane]);
      }
    }
  }

  // Returns the nearest rows of the blocks that were read.
  std::vector<int64_t> result() {
    std::vector<std::pair<double, int64_t>> exact;
    for (const auto& [approximation, number] : candidates_) {
      if (approximation <= limit_) {
        exact.emplace_back(index_.distance(query_.row, number), number);
      }
    }
    const auto count = std::min<int64_t>(query_.count, std::ssize(exact));
    std::partial_sort(exact.begin(), exact.begin() + count, exact.end());
    std::vector<int64_t> numbers;
    for (int64_t i = 0; i < count; ++i) {
      numbers.push_back(exact[i].second);
    }
    return numbers;
  }

 private:
  void add_candidate(float distance, int64_t number) {
    candidates_.emplace_back(distance, number);
    if (std::ssize(nearest_) == query_.count && distance >= nearest_.front()) {
      return;
    }
    nearest_.push_back(distance);
    std::push_heap(nearest_.begin(), nearest_.end());
    if (std::ssize(nearest_) > query_.count) {
      std::pop_heap(nearest_.begin(), nearest_.end());
      nearest_.pop_back();
    }
    if (std::ssize(nearest_) == query_.count) {
      update_limit();
    }
    if (candidates_.size() >= kMaxCandidates &&
        std::has_single_bit(candidates_.size())) {
      std::erase_if(candidates_, [this](const auto& candidate) {
        return candidate.first > limit_;
      });
    }
  }

  // The square root r of a distance has an error of at most e(r) = u (|x| +
  // |y|) + u (n + 4) / 2 r for n elements and the rounding unit u: those of the
  // standardized numbers, of their differences, and of the sum of n squares. If
  // the last of the nearest rows so far has the root r, no row that belongs to
  // the result has one above r + 2 e(r). This limit takes twice that error.
  void update_limit() {
    const double root = std::sqrt(static_cast<double>(nearest_.front()));
    const double error =
        kRoundingUnit *
        (norms_ + (static_cast<double>(index_.width_) + 4) / 2 * root);
    const double limit = (root + 4 * error) * (root + 4 * error);
    limit_ = limit < kMaxFloat
                 ? std::nextafter(static_cast<float>(limit), kInfinity)
                 : kInfinity;
  }

  static constexpr size_t kMaxCandidates = 1024;

  const NeighborIndex& index_;
  const Query query_;
  std::vector<float> row_;  // standardized
  double norms_ = 0;        // |x| and the largest |y|
  size_t next_group_ = 0;
  float limit_ = kInfinity;
  std::vector<float> nearest_;  // a heap of the smallest distances
  std::vector<std::pair<float, int64_t>> candidates_;
};

std::vector<std::vector<int64_t>> NeighborIndex::search(
    std::span<const Query> queries) const {
  static const Kernel kernel = choose_kernel();
  std::vector<Search> searches;
  searches.reserve(queries.size());
  for (const Query& query : queries) {
    searches.emplace_back(*this, query);
  }
  std::set<int64_t> groups;
  for (const Query& query : queries) {
    groups.insert(query.groups.begin(), query.groups.end());
  }
  std::vector<Search*> active;
  for (const int64_t group : groups) {
    active.clear();
    for (Search& search : searches) {
      if (search.wants_group(group)) {
        active.push_back(&search);
      }
    }
    for (int64_t block = group_begins_[group]; block < group_begins_[group + 1];
         ++block) {
      for (Search* search : active) {
        search->read_block(kernel, block);
      }
    }
  }
  std::vector<std::vector<int64_t>> results;
  for (Search& search : searches) {
    results.push_back(search.result());
  }
  return results;
}

}  // namespace gato::rollout

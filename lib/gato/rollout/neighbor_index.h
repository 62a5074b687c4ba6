// Exact nearest neighbors among rows of numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gato::rollout {

// Rows that are compared by the distance sum_i ((x_i - y_i) / deviation_i)^2 in
// double precision. deviation_i is the population standard deviation of element
// i among all rows, or 1 if that is 0. Rows are numbered from 0 in the order in
// which they are added, and each belongs to a group.
class NeighborIndex {
 public:
  explicit NeighborIndex(int64_t width) : width_(width) {}

  // Adds a row of `width` finite numbers to a group, numbered from 0.
  void add_row(std::span<const double> row, int64_t group);
  // Prepares searches. No rows can be added afterwards.
  void finish();
  int64_t row_count() const { return std::ssize(groups_of_rows_); }

  struct Query {
    std::span<const double> row;      // finite numbers
    std::span<const int64_t> groups;  // to search, in increasing order
    int64_t count = 1;                // of neighbors
  };
  // Returns the numbers of the rows with the smallest distances to each query,
  // nearest first and by number if distances are equal. There are fewer than
  // `count` if the groups have no more rows. All queries are answered in one
  // pass. May be called by several threads at the same time.
  std::vector<std::vector<int64_t>> search(
      std::span<const Query> queries) const;

 private:
  class Search;

  void compute_scales();
  void make_blocks();
  double distance(std::span<const double> row, int64_t number) const;

  int64_t width_;
  std::vector<double> rows_;             // [rows, width]
  std::vector<int64_t> groups_of_rows_;  // [rows]
  std::vector<double> means_, deviations_;
  // The same rows standardized, in blocks of kLanes rows of one group, for the
  // search in single precision.
  std::vector<float> blocks_;           // [blocks, width, kLanes]
  std::vector<int64_t> block_numbers_;  // [blocks, kLanes]; -1 if unused
  std::vector<int64_t> group_begins_;  // first block of each group, and the end
  double max_norm_ = 0;                // of the standardized rows
};

}  // namespace gato::rollout

// Sets of documents in memory that does not grow with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gato::pack {

// Numbers of documents, kept as runs of neighbours.
class IndexRanges {
 public:
  void add(int64_t document);
  int64_t size() const { return size_; }
  // The document added as number `place`, from 0.
  int64_t at(int64_t index) const;
  // The place of a document; they must have been added in rising order.
  int64_t index_of(int64_t document) const;

 private:
  struct Range {
    int64_t first_index, first_document;  // of its first
  };
  std::vector<Range> ranges_;
  int64_t size_ = 0;
};

// Documents that are drawn in proportion to their weights. Of the sums of the
// weights every 16th is kept: the weights between are asked for again.
class WeightedSampler {
 public:
  void add(int64_t document, int64_t weight);
  const IndexRanges& documents() const { return documents_; }
  int64_t total_weight() const { return total_weight_; }
  // The document whose part of [0, total) holds `value`; weight(document) is
  // what it was added with.
  template <class Weight>
  int64_t sample(int64_t value, Weight weight) const {
    const auto block = std::ranges::upper_bound(cumulative_weights_, value) -
                       cumulative_weights_.begin() - 1;
    int64_t index = block * block_size;
    value -= cumulative_weights_[block];
    while (true) {
      const int64_t document = documents_.at(index++);
      value -= weight(document);
      if (value < 0) return document;
    }
  }

 private:
  static constexpr int64_t block_size = 16;
  IndexRanges documents_;
  std::vector<int64_t> cumulative_weights_;  // of all weights before each block
  int64_t total_weight_ = 0;
};

}  // namespace gato::pack

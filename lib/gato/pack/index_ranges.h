// Compact sets of document indices, stored as ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gato::pack {

// A list of documents, stored as ranges of consecutive ones.
class IndexRanges {
 public:
  void add(int64_t document);
  int64_t size() const { return size_; }
  // Returns the document at an index of the list.
  int64_t at(int64_t index) const;
  // Returns the index of a document, which must be in the list. The documents
  // must have been added in ascending order.
  int64_t index_of(int64_t document) const;

 private:
  struct Range {
    int64_t first_index, first_document;
  };
  std::vector<Range> ranges_;
  int64_t size_ = 0;
};

// Samples documents in proportion to their weights, by inversion of the
// cumulative weights. Only every 16th cumulative weight is stored, and the
// caller provides the weights again.
class WeightedSampler {
 public:
  void add(int64_t document, int64_t weight);
  const IndexRanges& documents() const { return documents_; }
  int64_t total_weight() const { return total_weight_; }
  // Returns the document whose part of [0, total_weight()) contains `value`.
  // weight(document) must return the weight that it was added with.
  template <class Weight>
  int64_t sample(int64_t value, Weight weight) const {
    const auto block = std::ranges::upper_bound(cumulative_weights_, value) -
                       cumulative_weights_.begin() - 1;
    int64_t index = block * kBlockSize;
    value -= cumulative_weights_[block];
    while (true) {
      const int64_t document = documents_.at(index++);
      value -= weight(document);
      if (value < 0) {
        return document;
      }
    }
  }

 private:
  static constexpr int64_t kBlockSize = 16;
  IndexRanges documents_;
  std::vector<int64_t> cumulative_weights_;  // [block]: the sum before it
  int64_t total_weight_ = 0;
};

}  // namespace gato::pack

// Sets of documents in memory that does not grow with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gato {

// Numbers of documents, kept as runs of neighbours.
class DocumentRuns {
 public:
  void add(int64_t document);
  int64_t size() const { return size_; }
  // The document added as number `place`, from 0.
  int64_t at(int64_t place) const;
  // The place of a document; they must have been added in rising order.
  int64_t place_of(int64_t document) const;

 private:
  struct Run {
    int64_t place, document;  // of its first
  };
  std::vector<Run> runs_;
  int64_t size_ = 0;
};

// Documents that are drawn in proportion to their weights. Of the sums of the
// weights every 16th is kept: the weights between are asked for again.
class WeightedDocuments {
 public:
  void add(int64_t document, int64_t weight);
  const DocumentRuns& documents() const { return documents_; }
  int64_t total() const { return total_; }
  // The document whose part of [0, total) holds `value`; weight(document) is
  // what it was added with.
  template <class Weight>
  int64_t draw(int64_t value, Weight weight) const {
    const auto block =
        std::ranges::upper_bound(sums_, value) - sums_.begin() - 1;
    int64_t place = block * block_size;
    value -= sums_[block];
    while (true) {
      const int64_t document = documents_.at(place++);
      value -= weight(document);
      if (value < 0) return document;
    }
  }

 private:
  static constexpr int64_t block_size = 16;
  DocumentRuns documents_;
  std::vector<int64_t> sums_;  // of all weights before each block
  int64_t total_ = 0;
};

}  // namespace gato

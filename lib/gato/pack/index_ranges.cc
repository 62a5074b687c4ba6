#include "gato/pack/index_ranges.h"

namespace gato::pack {

void IndexRanges::add(int64_t document) {
  const bool continues =
      !ranges_.empty() && document - ranges_.back().first_document ==
                              size_ - ranges_.back().first_index;
  if (!continues) {
    ranges_.push_back({size_, document});
  }
  ++size_;
}

int64_t IndexRanges::at(int64_t index) const {
  const auto next =
      std::ranges::upper_bound(ranges_, index, {}, &Range::first_index);
  const Range& range = *(next - 1);
  return range.first_document + index - range.first_index;
}

int64_t IndexRanges::index_of(int64_t document) const {
  const auto next =
      std::ranges::upper_bound(ranges_, document, {}, &Range::first_document);
  const Range& range = *(next - 1);
  return range.first_index + document - range.first_document;
}

void WeightedSampler::add(int64_t document, int64_t weight) {
  if (documents_.size() % kBlockSize == 0) {
    cumulative_weights_.push_back(total_weight_);
  }
  documents_.add(document);
  total_weight_ += weight;
}

}  // namespace gato::pack

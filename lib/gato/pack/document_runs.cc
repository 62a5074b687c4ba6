#include "gato/pack/document_runs.h"

namespace gato {

void DocumentRuns::add(int64_t document) {
  const bool continues = !runs_.empty() && document - runs_.back().document ==
                                               size_ - runs_.back().place;
  if (!continues) runs_.push_back({size_, document});
  ++size_;
}

int64_t DocumentRuns::at(int64_t place) const {
  const auto next = std::ranges::upper_bound(runs_, place, {}, &Run::place);
  const Run& run = *(next - 1);
  return run.document + place - run.place;
}

int64_t DocumentRuns::place_of(int64_t document) const {
  const auto next =
      std::ranges::upper_bound(runs_, document, {}, &Run::document);
  const Run& run = *(next - 1);
  return run.place + document - run.document;
}

void WeightedDocuments::add(int64_t document, int64_t weight) {
  if (documents_.size() % block_size == 0) sums_.push_back(total_);
  documents_.add(document);
  total_ += weight;
}

}  // namespace gato

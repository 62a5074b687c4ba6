// Encodes the values of one numeric field as tokens, and decodes them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gato/data/array.h"
#include "gato/data/space.h"
#include "gato/data/vocabulary.h"
#include "gato/tokenize/out_of_range_tally.h"

namespace gato::tokenize {

// The codec of a discrete or continuous field: one token per element, in
// row-major order (Reed et al. 2022, section 2.1 and appendix B).
//
// A discrete value is encoded as value - start, which is in [0, 1024). The
// start is that of the space; for a box it is `low`, or 0 if there is none.
//
// A continuous observation is mu-law encoded, and so are the elements of an
// action that have no bounds (|bound| >= 3e38 counts as none). For the other
// elements of an action, [low, high] is mapped to [-1, 1] linearly; if low =
// high, the bin is 512.
class FieldCodec {
 public:
  enum class Kind { observation, action };
  // Throws Error(bad_input) if the field is text or an image, or if its bounds
  // are invalid.
  FieldCodec(data::Field field, Kind kind, const data::Vocabulary& vocabulary);

  const data::Field& field() const { return field_; }
  data::Modality modality() const;
  int64_t tokens() const { return static_cast<int64_t>(elements_.size()); }
  // Returns the ids that stand for values of the space, at most 1024.
  data::IdRange range(int64_t element) const {
    return elements_[element].range;
  }

  // Appends the ids of the value of one time step, and counts the elements that
  // are outside the space. Throws Error(bad_input), which names the key and the
  // value, for NaN, for a discrete value that has no id or is not an integer,
  // and for a wrong number of elements.
  void encode(const data::Array& value, std::vector<int32_t>& ids,
              OutOfRangeTally& out_of_range) const;
  // Returns the centers of the bins in the field's type, rounded if that is an
  // integer type. Throws Error(bad_input) for an id outside the 1024 of this
  // kind of value.
  data::Array decode(std::span<const int32_t> ids) const;

 private:
  struct Element {
    data::IdRange range;
    int64_t start = 0;
    bool is_bounded = false;  // [low, high] is mapped linearly
    double low = 0, high = 0;
  };
  Element discrete_element(size_t i, const data::Vocabulary& vocabulary) const;
  Element continuous_element(size_t i,
                             const data::Vocabulary& vocabulary) const;
  void encode_discrete(const data::Array& value, std::vector<int32_t>& ids,
                       OutOfRangeTally& out_of_range) const;
  void encode_continuous(const data::Array& value, std::vector<int32_t>& ids,
                         OutOfRangeTally& out_of_range) const;
  int32_t discrete_id(const data::Array& value, int64_t i) const;
  std::string location_of(int64_t i) const;

  data::Field field_;
  Kind kind_;
  bool has_bounded_elements_ = false;
  std::vector<Element> elements_;
};

}  // namespace gato::tokenize

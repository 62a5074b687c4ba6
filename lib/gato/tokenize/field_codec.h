// One numeric field to tokens and back.
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

// Allowed ids of one token: [begin, end).
struct IdRange {
  int32_t begin = 0, end = 0;
  bool operator==(const IdRange&) const = default;
};

// A discrete or continuous field, one token an element in row-major order.
//
// Discrete: value - start, in [0, 1024). The start is the space's; that of a
// box is its low (0 where it has none).
// Continuous: observations are companded. So are elements of actions that lack
// a bound (|bound| >= 3e38 counts as none); the others map [low, high] onto
// [-1, 1] linearly, and low = high gives bin 512.
class FieldCodec {
 public:
  enum class Kind { observation, action };
  FieldCodec(data::Field field, Kind kind, const data::Vocabulary& vocabulary);

  const data::Field& field() const { return field_; }
  data::Modality modality() const;
  int64_t tokens() const { return static_cast<int64_t>(elements_.size()); }
  // The ids that stand for values of the space, at most 1024.
  IdRange range(int64_t element) const { return elements_[element].range; }

  // Appends the ids of one step's value. Error (bad_input) for NaN, for a
  // discrete value out of range or not whole, and for a wrong number of
  // elements; it names the key and the value.
  void encode(const data::Array& value, std::vector<int32_t>& ids,
              OutOfRangeTally& out_of_range) const;
  // Bin centres, in the field's type; whole numbers are rounded. Error
  // (bad_input) for an id that is none of this kind of value.
  data::Array decode(std::span<const int32_t> ids) const;

 private:
  struct Element {
    IdRange range;
    int64_t start = 0;
    bool is_bounded = false;  // mapped linearly from [low, high]
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
  bool has_bounded_elements_ = false;  // elements that are mapped linearly
  std::vector<Element> elements_;
};

}  // namespace gato::tokenize

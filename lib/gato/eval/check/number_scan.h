// One pass over the numbers of one field in one episode.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gato/data/array.h"
#include "gato/data/space.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/check/row_differences.h"
#include "gato/eval/check/saturation.h"
#include "gato/tokenize/field_codec.h"

namespace gato::eval {

// Results of the scan. "Rows" are the time steps whose values become tokens.
struct NumberScan {
  int64_t rows = 0;
  Occurrences nan, infinite;
  // Values outside the space, and discrete values without a token.
  Occurrences outside, without_token;
  Saturation saturation;  // of a bounded action
  // Rows of a continuous action in runs of at least kFrozenRows equal rows,
  // except for those whose elements are all at a bound.
  int64_t frozen_rows = 0;
  Occurrences jumps;     // see find_jumps()
  bool changes = false;  // any element, from one row to the next
  // Per element, over the rows that are finite.
  std::vector<double> low, high;
  // Per element: the difference between all consecutive rows; 0 unless it is
  // always the same and the rows are at least kClockRows.
  std::vector<double> increment;
  // Per element: whether the value strictly increases in at least kClockRows.
  std::vector<uint8_t> increases;
};

// Scans the columns of one field. Thread-safe.
class NumberScanner {
 public:
  static constexpr int64_t kFrozenRows = 10;
  static constexpr int64_t kClockRows = 5;

  using Kind = tokenize::FieldCodec::Kind;
  // Throws Error(bad_input) if the field cannot be tokenized.
  NumberScanner(const data::Field& field, Kind kind);

  const data::Field& field() const { return codec_.field(); }
  int64_t elements() const { return codec_.tokens(); }
  // Scans the first `rows` rows of a column, which has at least as many.
  NumberScan scan(const data::Array& column, int64_t rows) const;

 private:
  void check_row(const std::vector<double>& row, int64_t index,
                 NumberScan& scan) const;
  void check_bounds(const std::vector<double>& row, std::vector<int8_t>& sides,
                    NumberScan& scan) const;
  bool is_outside(const std::vector<double>& row) const;
  bool is_at_bounds(const std::vector<double>& row) const;
  void check_tokens(const data::Array& column, NumberScan& scan) const;
  void add_differences(const data::Array& column,
                       const RowDifferences& differences,
                       NumberScan& scan) const;

  tokenize::FieldCodec codec_;
  Kind kind_;
  bool is_discrete_;
  // Per element, with a tolerance for rounding; infinite if unbounded.
  std::vector<double> low_, high_;
  bool has_bounds_ = false;
  // Per element: the values that count as being at a bound.
  std::vector<double> near_low_, near_high_;
};

}  // namespace gato::eval

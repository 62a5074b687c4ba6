// Finds rows that are not part of a motion.
#pragma once

#include <cstdint>

#include "gato/data/array.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/check/row_differences.h"

namespace gato::eval {

// Returns rows of a column that differ from the row before them far more than
// is usual in the episode. Two faults have this form:
//  - The episode contains a hidden reset: most of what moves jumps at once.
//  - A sensor reports one wrong row: an element jumps and returns.
// A collision, after which few velocities differ and stay different, is
// neither; nor is a quick motion, in which the rows nearby differ, too; nor is
// an angle that crosses the end of its range. `differences` are those of the
// first `rows` rows. What happens more often than once in 50 rows is not
// reported, because the environment moves like that.
Occurrences find_jumps(const data::Array& column, int64_t rows,
                       const RowDifferences& differences);

}  // namespace gato::eval

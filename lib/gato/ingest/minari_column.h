// One field of an episode of a Minari dataset, all its steps.
#pragma once

#include <cstdint>

#include "gato/data/episode.h"
#include "gato/data/hdf5.h"

namespace gato {

// Numbers as [rows, field.shape...], JPEG frames decoded; or texts. Error
// (bad_input) where the dataset holds something else.
Column read_column(const hdf5::Dataset& dataset, const Field& field);

int64_t rows_of(const Column& column);
// Drops all rows from `rows` on.
void keep_rows(Column& column, int64_t rows);

}  // namespace gato

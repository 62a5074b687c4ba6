// One field of an episode, all its steps, as HDF5 datasets hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/hdf5.h"
#include "gato/data/hdf5_elements.h"
#include "gato/ingest/deferred_reads.h"

namespace gato {

// Appends a dataset to the episode's `columns`: numbers as [rows,
// field.shape...], JPEG frames decoded; or texts. What `later` then still reads
// of it comes from `file`, which is that of the whole dataset. Error
// (bad_input) where the dataset holds something else.
void append_column(const hdf5::Dataset& dataset, const Field& field,
                   const std::shared_ptr<const FileReader>& file,
                   Episode& episode, DeferredReads::Columns columns,
                   DeferredReads& later);
// Rows [first, first + count) of numbers stored as they are.
Column read_rows(const hdf5::Dataset& dataset, const Field& field,
                 int64_t first, int64_t count);

int64_t rows_of(const Column& column);
// Drops all rows from `rows` on.
void keep_rows(Column& column, int64_t rows);
// Appends the last row of `other`, which is of the same field and not empty.
void append_last_row(Column& column, const Column& other);

// One number a row, also where stored as [rows,1]: rows [first, first + count).
std::vector<double> read_series(const hdf5::Dataset& dataset, int64_t first,
                                int64_t count);
// All of the dataset `name`, one number a step; empty where there is none.
// Error (bad_input) where it holds another number of values.
std::vector<double> read_series(const hdf5::Group& group, const char* name,
                                int64_t steps);
// 1 where a number is not zero; zeros where there is no such dataset.
std::vector<uint8_t> read_flags(const hdf5::Group& group, const char* name,
                                int64_t steps);

}  // namespace gato

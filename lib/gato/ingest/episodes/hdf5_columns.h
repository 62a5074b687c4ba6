// One field of an episode, all its steps, as HDF5 datasets hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/hdf5.h"
#include "gato/data/hdf5_chunks.h"
#include "gato/ingest/episodes/deferred_reads.h"

namespace gato::ingest {

// Appends a dataset to the episode's `columns`: numbers as [rows,
// field.shape...], JPEG frames decoded; or texts. What `later` then still reads
// of it comes from `file`, which is that of the whole dataset. Error
// (bad_input) where the dataset holds something else.
void append_column(const data::hdf5::Dataset& dataset, const data::Field& field,
                   const std::shared_ptr<const base::FileReader>& file,
                   data::Episode& episode, DeferredReads::ColumnsMember columns,
                   DeferredReads& deferred);
// Rows [first, first + count) of numbers stored as they are.
data::FieldColumn read_rows(const data::hdf5::Dataset& dataset,
                            const data::Field& field, int64_t first,
                            int64_t count);

int64_t row_count(const data::FieldColumn& column);
// Drops all rows from `rows` on.
void truncate_rows(data::FieldColumn& column, int64_t rows);
// Appends the last row of `other`, which is of the same field and not empty.
void append_last_row(data::FieldColumn& column, const data::FieldColumn& other);

// One number a row, also where stored as [rows,1]: rows [first, first + count).
std::vector<double> read_scalars(const data::hdf5::Dataset& dataset,
                                 int64_t first, int64_t count);
// All of the dataset `name`, one number a step; empty where there is none.
// Error (bad_input) where it holds another number of values.
std::vector<double> read_scalars(const data::hdf5::Group& group,
                                 const char* name, int64_t steps);
// 1 where a number is not zero; zeros where there is no such dataset.
std::vector<uint8_t> read_flags(const data::hdf5::Group& group,
                                const char* name, int64_t steps);

}  // namespace gato::ingest

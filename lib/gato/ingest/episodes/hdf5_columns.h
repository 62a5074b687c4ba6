// Reads HDF5 datasets as columns: one field of an episode, with all its steps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gato/data/episode.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/hdf5/hdf5_chunks.h"
#include "gato/ingest/episodes/deferred_reads.h"

namespace gato::ingest {

// Appends a dataset to the episode's `columns`: texts, or numbers and decoded
// images as [rows, field.shape...]. Unless `next` is null, also appends the row
// of `next` at the index of the last row: the observation after the last
// action. Reads left to `deferred` go through `file`, which is the HDF5 file of
// the dataset. Throws Error(bad_input) if the dataset contains anything else.
void append_column(const data::hdf5::Dataset& dataset, const data::Field& field,
                   const std::shared_ptr<const base::FileReader>& file,
                   data::Episode& episode, DeferredReads::ColumnsMember columns,
                   DeferredReads& deferred,
                   const data::hdf5::Dataset* next = nullptr);
// Does the same with rows [first, first + count), which exist. Only the
// decoding of images is left to `deferred`.
void append_rows(const data::hdf5::Dataset& dataset, const data::Field& field,
                 int64_t first, int64_t count, data::Episode& episode,
                 DeferredReads::ColumnsMember columns, DeferredReads& deferred,
                 const data::hdf5::Dataset* next = nullptr);

int64_t row_count(const data::FieldColumn& column);
// Throws Error(bad_input), which names `label` and `name`, unless `rows` is
// `steps` or, if a final row is allowed, steps + 1.
enum class FinalRow { forbidden, allowed };
void require_row_count(int64_t rows, int64_t steps, FinalRow final_row,
                       const std::string& label, const std::string& name);
// Throws Error(bad_input) if the group has an attribute `name` that is not
// `steps`.
void require_step_attribute(const data::hdf5::Group& group, const char* name,
                            int64_t steps);

// Keeps the first `rows` rows.
void truncate_rows(data::FieldColumn& column, int64_t rows);
// Returns rows [first, first + count) of a dataset [rows] or [rows,1].
std::vector<double> read_scalars(const data::hdf5::Dataset& dataset,
                                 int64_t first, int64_t count);
// Returns the dataset `name`, which has one number per step; empty if it does
// not exist. Throws Error(bad_input) if its size is not `steps`.
std::vector<double> read_scalars(const data::hdf5::Group& group,
                                 const char* name, int64_t steps);
// Does the same and returns 1 for numbers other than zero, 0 otherwise; zeros
// if the dataset does not exist.
std::vector<uint8_t> read_flags(const data::hdf5::Group& group,
                                const char* name, int64_t steps);

}  // namespace gato::ingest

// Reads of an episode's columns that are postponed, so that any thread can do
// them.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "gato/data/episode.h"

namespace gato::ingest {

class DeferredReads {
 public:
  using ColumnsMember = std::vector<data::FieldColumn> data::Episode::*;
  // Reads the elements of an array, whose type and shape are set.
  using Fill = std::function<void(data::Array&)>;

  void add(ColumnsMember columns, size_t column, Fill fill) {
    reads_.push_back({columns, column, std::move(fill)});
  }
  // Does all reads and releases what they captured. Must be called once, before
  // any element of the episode's columns is used. Throws the first Error
  // (bad_input, io) of a read.
  void run(data::Episode& episode) {
    for (auto& [columns, column, fill] : reads_) {
      fill(std::get<data::Array>((episode.*columns)[column]));
      fill = nullptr;
    }
  }

 private:
  struct Read {
    ColumnsMember columns;
    size_t column;
    Fill fill;
  };
  std::vector<Read> reads_;
};

}  // namespace gato::ingest

// What of an episode is still to be read, in any thread.
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
  // Gives an array, of which type and shape are known, its elements.
  using Fill = std::function<void(data::Array&)>;

  void add(ColumnsMember columns, size_t column, Fill fill) {
    reads_.push_back({columns, column, std::move(fill)});
  }
  // Once, before elements of the episode's columns are looked at. The first
  // Error (bad_input, io) of a read goes through. What a read held is let go.
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

// What of an episode is still to be read, in any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "gato/data/episode.h"

namespace gato {

class DeferredReads {
 public:
  using Columns = std::vector<Column> Episode::*;
  // Gives an array, of which type and shape are known, its elements.
  using Fill = std::function<void(Array&)>;

  void add(Columns columns, size_t column, Fill fill) {
    reads_.push_back({columns, column, std::move(fill)});
  }
  // Once, before elements of the episode's columns are looked at. The first
  // Error (bad_input, io) of a read goes through. What a read held is let go.
  void run(Episode& episode) {
    for (auto& [columns, column, fill] : reads_) {
      fill(std::get<Array>((episode.*columns)[column]));
      fill = nullptr;
    }
  }

 private:
  struct Read {
    Columns columns;
    size_t column;
    Fill fill;
  };
  std::vector<Read> reads_;
};

}  // namespace gato

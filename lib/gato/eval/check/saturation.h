// Actions at the bounds of their space.
#pragma once

#include <cstdint>

namespace gato::eval {

// Counts values at a bound. Policies that switch between extremes stay at one
// for several steps; values that were clipped because their scale is wrong, or
// because of noise, change sides often.
struct Saturation {
  int64_t values = 0, at_bound = 0;
  int64_t pairs = 0;     // consecutive values of an element that are at a bound
  int64_t switches = 0;  // of these, those at opposite bounds

  // Adds a value: -1 at the lower bound, 1 at the upper one, otherwise 0.
  // `previous` is that of the step before, 0 if there is none.
  void add(int side, int previous) {
    ++values;
    at_bound += side != 0;
    pairs += side != 0 && previous != 0;
    switches += side * previous == -1;
  }
  Saturation& operator+=(const Saturation& other) {
    values += other.values;
    at_bound += other.at_bound;
    pairs += other.pairs;
    switches += other.switches;
    return *this;
  }
  // Returns whether the values were probably clipped. If all are at a bound,
  // the action is a switch.
  bool is_clipped() const {
    const bool is_erratic = 10 * switches > pairs;
    return at_bound < values && 10 * at_bound > (is_erratic ? 5 : 9) * values;
  }
};

}  // namespace gato::eval

// Work shared out to threads whose results are taken in a fixed order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace gato {

// compute(i) runs for every i in [0, count), on at most `threads` threads at a
// time, each of which gives its tensor operations an equal share of `threads`.
// What compute(i) returns is called after that of i - 1 has returned, one at a
// time. So sums come out the same whichever thread is done first, and at most
// one result a thread waits. The first exception ends the work and is thrown.
void work_in_order(size_t count, int64_t threads,
                   const std::function<std::function<void()>(size_t)>& compute);

}  // namespace gato

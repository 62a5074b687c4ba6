// Real numbers to bins and back (paper 2.1, appendix B), in float64 throughout.
#pragma once

#include <cstdint>

namespace gato {

// sgn(x) ln(100|x|+1) / ln(256*100+1), not clipped: |x| > 256 gives |y| > 1.
double compand(double x);
// Its inverse: sgn(y) ((256*100+1)^|y| - 1) / 100.
double expand(double y);

// min(1023, floor((y+1)/2*1024)) of y clipped to [-1, 1]: infinities fall into
// the end bins. y must not be NaN.
int32_t bin_of(double y);
// (2k+1)/1024 - 1 for k in [0, 1024).
double bin_centre(int32_t bin);

}  // namespace gato

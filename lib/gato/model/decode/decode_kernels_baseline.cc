// The kernels of every processor.
#define GATO_DECODE_KERNELS baseline_decode_kernels
#define GATO_DECODE_KERNELS_NAME "baseline"
#include "gato/model/decode/decode_kernels_impl.h"

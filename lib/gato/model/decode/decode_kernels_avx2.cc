// The kernels of processors with AVX2. CMakeLists.txt sets the options.
#if defined(__x86_64__)
#define GATO_DECODE_KERNELS avx2_decode_kernels
#define GATO_DECODE_KERNELS_NAME "avx2"
#include "gato/model/decode/decode_kernels_impl.h"
#else
#include "gato/model/decode/decode_kernels.h"
namespace gato::model {
const DecodeKernels* avx2_decode_kernels() { return nullptr; }
}  // namespace gato::model
#endif

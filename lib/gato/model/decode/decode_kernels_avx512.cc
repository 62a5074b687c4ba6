// The kernels of processors with AVX-512. CMakeLists.txt sets the options.
#if defined(__x86_64__)
#define GATO_DECODE_KERNELS avx512_decode_kernels
#define GATO_DECODE_KERNELS_NAME "avx512"
#include "gato/model/decode/decode_kernels_impl.h"
#else
#include "gato/model/decode/decode_kernels.h"
namespace gato::model {
const DecodeKernels* avx512_decode_kernels() { return nullptr; }
}  // namespace gato::model
#endif

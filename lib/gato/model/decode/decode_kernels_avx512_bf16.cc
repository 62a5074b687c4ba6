// The kernels of processors with AVX-512 with bf16. CMakeLists.txt sets the
// options.
#if defined(__x86_64__)
#define GATO_DECODE_KERNELS avx512_bf16_decode_kernels
#define GATO_DECODE_KERNELS_NAME "avx512_bf16"
#include "gato/model/decode/decode_kernels_impl.h"
#else
#include "gato/model/decode/decode_kernels.h"
namespace gato::model {
const DecodeKernels* avx512_bf16_decode_kernels() { return nullptr; }
}  // namespace gato::model
#endif

// The source of all DecodeKernels. A file that includes it is compiled with the
// options of an instruction set and defines GATO_DECODE_KERNELS, the name of
// the function that returns the kernels, and GATO_DECODE_KERNELS_NAME.
//
// Vectors are those of GCC and Clang, of the width of the instruction set.
// Intrinsics are limited to products of bf16 and of integers, which C++ cannot
// express. Everything is in an unnamed namespace and nothing of the standard
// library is called: an inline function compiled with these options might
// otherwise be linked into code that runs on every processor.
#include "gato/model/decode/decode_attention_impl.h"
#include "gato/model/decode/decode_kernels.h"
#include "gato/model/decode/decode_products_impl.h"
#include "gato/model/decode/decode_rows_impl.h"
#include "gato/model/decode/decode_vectors_impl.h"

namespace gato::model {
namespace {

#if defined(__AVX512BF16__)
constexpr bool kMultipliesBf16 = true;
#else
constexpr bool kMultipliesBf16 = false;
#endif

constexpr DecodeKernels kKernels = {
    GATO_DECODE_KERNELS_NAME,
    kTileColumns,
    kMultipliesBf16,
    {multiply<Fp32Product>, multiply<Bf16Product>, multiply<Int8Product>},
    {pack_fp32, pack_bf16, pack_int8},
    {attend<Fp32Product>, attend<Bf16Product>, nullptr},
    layer_norm,
    geglu,
    add};

}  // namespace

const DecodeKernels* GATO_DECODE_KERNELS() { return &kKernels; }

}  // namespace gato::model

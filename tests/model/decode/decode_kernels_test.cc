#include "gato/model/decode/decode_kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <vector>

#include "catch.h"
#include "gato/model/decode/packed_matrix.h"

namespace gato::model {
namespace {

const DecodeKernels& any_supported_kernels() {
  const auto supported = supported_decode_kernels();
  return *supported[GENERATE_COPY(
      range(size_t{0}, static_cast<size_t>(supported.size())))];
}

at::Tensor multiply(const at::Tensor& x, const at::Tensor& weights,
                    PackedType type, const DecodeKernels& kernels) {
  const PackedMatrix matrix(weights, type, kernels);
  PackedRows rows(type, kernels);
  rows.resize(x.size(0), x.size(1));
  for (int64_t row = 0; row < x.size(0); ++row) {
    rows.set(row, x.const_data_ptr<float>() + row * x.size(1));
  }
  const at::Tensor y = at::empty({x.size(0), matrix.padded_columns()});
  matrix.multiply(rows, y.data_ptr<float>());
  return y.narrow(1, 0, weights.size(0)).contiguous();
}

// Returns the size of the difference relative to that of `expected`.
double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).norm() / expected.norm()).item<double>();
}

}  // namespace

TEST_CASE("Every instruction set multiplies rows with packed matrices") {
  const DecodeKernels& kernels = any_supported_kernels();
  const int64_t rows = GENERATE(1, 2, 7, 16, 33);
  const auto [size, columns] = GENERATE(
      std::pair<int64_t, int64_t>{1, 1}, std::pair<int64_t, int64_t>{37, 70},
      std::pair<int64_t, int64_t>{64, 32}, std::pair<int64_t, int64_t>{200, 5});
  INFO(kernels.name << ", " << rows << " x " << size << " x " << columns);
  at::manual_seed(1);
  const at::Tensor x = at::randn({rows, size});
  const at::Tensor weights = at::randn({columns, size});
  const at::Tensor expected = at::linear(x, weights);
  CHECK(relative_error(multiply(x, weights, PackedType::fp32, kernels),
                       expected) < 1e-6);
  const auto rounded = [](const at::Tensor& tensor) {
    return tensor.to(at::kBFloat16).to(at::kFloat);
  };
  CHECK(relative_error(multiply(x, weights, PackedType::bf16, kernels),
                       at::linear(rounded(x), rounded(weights))) < 1e-5);
  CHECK(relative_error(multiply(x, weights, PackedType::int8, kernels),
                       expected) < 0.03);
}

TEST_CASE("The product of no rows is empty") {
  const at::Tensor weights = at::randn({5, 64});
  for (const PackedType type :
       {PackedType::fp32, PackedType::bf16, PackedType::int8}) {
    CHECK(
        multiply(at::empty({0, 64}), weights, type, decode_kernels()).size(0) ==
        0);
  }
}

TEST_CASE("An int8 product is exact if the elements are multiples of a scale") {
  const DecodeKernels& kernels = any_supported_kernels();
  at::manual_seed(2);
  const auto integers = [](int64_t rows) {
    at::Tensor values = at::randint(-127, 128, {rows, 192}, at::kFloat);
    values.slice(1, 0, 192, 64).fill_(127);  // the largest of each group
    return values;
  };
  const at::Tensor x = integers(5), weights = integers(40);
  const at::Tensor y = multiply(x / 64, weights / 8, PackedType::int8, kernels);
  CHECK(relative_error(y, at::linear(x, weights) / 512) < 1e-6);
}

TEST_CASE("A row of int8 that is not finite gives no finite product") {
  const DecodeKernels& kernels = any_supported_kernels();
  const float value = GENERATE(NAN, INFINITY);
  at::Tensor x = at::ones({2, 70});
  x[0][69] = value;
  const at::Tensor y =
      multiply(x, at::ones({3, 70}), PackedType::int8, kernels);
  CHECK(y[0].isnan().all().item<bool>());
  CHECK(y[1].isfinite().all().item<bool>());
}

TEST_CASE("A product depends neither on other rows nor on the threads") {
  const auto type =
      GENERATE(PackedType::fp32, PackedType::bf16, PackedType::int8);
  at::manual_seed(3);
  const at::Tensor x = at::randn({31, 256});
  const at::Tensor weights = at::randn({1000, 256});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor together = multiply(x, weights, type, decode_kernels());
  at::set_num_threads(3);
  CHECK(at::equal(multiply(x, weights, type, decode_kernels()), together));
  at::set_num_threads(threads);
  for (int64_t row = 0; row < 31; row += 5) {
    CHECK(at::equal(multiply(x.narrow(0, row, 1).contiguous(), weights, type,
                             decode_kernels()),
                    together.narrow(0, row, 1)));
  }
}

TEST_CASE("A range of columns has the same products") {
  at::manual_seed(4);
  const DecodeKernels& kernels = decode_kernels();
  const at::Tensor x = at::randn({3, 64}), weights = at::randn({150, 64});
  const at::Tensor all = multiply(x, weights, PackedType::bf16, kernels);
  const PackedMatrix matrix(weights, PackedType::bf16, kernels);
  PackedRows rows(PackedType::bf16, kernels);
  rows.resize(3, 64);
  for (int64_t row = 0; row < 3; ++row) {
    rows.set(row, x.const_data_ptr<float>() + row * 64);
  }
  const at::Tensor part = at::empty({3, 99 - 35});
  matrix.multiply(rows, 35, 99, part.data_ptr<float>());
  CHECK(at::equal(part, all.slice(1, 35, 99)));
}

TEST_CASE("Norms and gates equal those of LibTorch") {
  const DecodeKernels& kernels = any_supported_kernels();
  const int64_t n = GENERATE(1, 16, 50, 768);
  at::manual_seed(5);
  const at::Tensor x = 3 * at::randn({2 * n}) + 1;
  const at::Tensor weight = at::randn({n}), bias = at::randn({n});
  at::Tensor y = at::empty({n});
  kernels.layer_norm(x.const_data_ptr<float>(), weight.const_data_ptr<float>(),
                     bias.const_data_ptr<float>(), n, y.data_ptr<float>());
  const at::Tensor row = x.narrow(0, 0, n);
  CHECK(
      (y - at::layer_norm(row, {n}, weight, bias)).abs().max().item<double>() <
      2e-5);
  kernels.geglu(x.const_data_ptr<float>(), n, y.data_ptr<float>());
  CHECK((y - row * at::gelu(x.narrow(0, n, n))).abs().max().item<double>() <
        2e-5);
}

}  // namespace gato::model

#include "gato/train/muon.h"

#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "catch.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "model/tiny_model.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;

namespace {

// Returns a matrix of full rank, whose singular values differ by a factor of
// less than 100.
at::Tensor full_rank_matrix(int64_t rows, int64_t columns) {
  const at::Tensor index = at::arange(rows * columns, at::kDouble);
  return at::sin(index * index * 0.37).to(at::kFloat).view({rows, columns});
}

// Takes five steps as in muon_reference.py and returns the parameters.
at::Tensor trained(const std::vector<FlatMatrix>& matrices) {
  at::Tensor parameters = at::cos(at::arange(110, at::kFloat));
  Muon optimizer({.max_gradient_norm = 0}, parameters, /*decayed_count=*/108,
                 matrices);
  for (int step = 0; step < 5; ++step) {
    optimizer.gradients().copy_(
        at::sin(at::arange(110, at::kFloat) * (step + 1)));
    optimizer.step(0.01 * (step + 1), /*gradient_norm=*/1);
  }
  return parameters;
}

}  // namespace

TEST_CASE("Muon updates matrices as the reference does, and others as AdamW") {
  const nlohmann::json reference = nlohmann::json::parse(
      base::read_file(GATO_SOURCE_DIR "/tests/reference/muon.json"));
  std::vector<FlatMatrix> matrices;
  for (const nlohmann::json& matrix : reference["matrices"]) {
    matrices.push_back({matrix["begin"], matrix["rows"], matrix["columns"]});
  }
  const at::Tensor parameters = trained(matrices);
  at::Tensor others = trained({});  // by AdamW
  for (size_t i = 0; i < matrices.size(); ++i) {
    const auto expected =
        reference["matrices"][i]["values"].get<std::vector<float>>();
    const FlatSlice range{matrices[i].begin, matrices[i].end()};
    CHECK(at::allclose(range.narrow(parameters), at::tensor(expected), 1e-4,
                       1e-5));
    range.narrow(others).copy_(range.narrow(parameters));
  }
  CHECK(at::equal(parameters, others));
}

TEST_CASE("Orthogonalized matrices have singular values near 1") {
  for (const auto& [rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{40, 16}, {16, 40}, {8, 8}}) {
    const at::Tensor matrix = full_rank_matrix(rows, columns);
    const at::Tensor before = at::linalg_svdvals(matrix);
    REQUIRE((before.min() / before.max()).item<float>() > 0.01);
    const at::Tensor result = orthogonalize(matrix);
    CHECK(result.sizes() == at::IntArrayRef({rows, columns}));
    const at::Tensor values = at::linalg_svdvals(result);
    CHECK(values.min().item<float>() > 0.6);
    CHECK(values.max().item<float>() < 1.25);
  }
  CHECK(at::equal(orthogonalize(at::zeros({3, 4})), at::zeros({3, 4})));
}

TEST_CASE("The hidden matrices of a network are those of its blocks") {
  const model::Network network = tiny_network();
  const std::vector<FlatMatrix> matrices = hidden_matrices(network);
  const int64_t layers = network.config().layers;
  const int64_t relative =
      network.config().position == model::PositionEncoding::relative ? 1 : 0;
  // Query, key, value, output, gate, value and down.
  CHECK(std::ssize(matrices) == layers * (7 + relative));
  int64_t end = 0;
  for (const FlatMatrix& matrix : matrices) {
    CHECK(matrix.begin >= end);
    end = matrix.end();
  }
  CHECK(end <= network.decayed_parameter_count());
}

TEST_CASE("A shard of the parameters has no Muon") {
  const model::Network network = tiny_network();
  CHECK_THROWS_AS(
      make_optimizer({.kind = OptimizerKind::muon}, network, FlatSlice{0, 64}),
      base::Error);
}

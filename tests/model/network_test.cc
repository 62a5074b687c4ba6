#include "gato/model/network.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <set>
#include <string>
#include <thread>

#include "catch.h"
#include "gato/base/error.h"
#include "gato/model/batch_builder.h"
#include "gato/model/regularization.h"
#include "gato/tokenize/mu_law.h"
#include "model/sample_rows.h"
#include "model/tiny_model.h"

namespace gato::model {
namespace {

Batch batch_for(const ModelConfig& config, uint64_t seed) {
  return test::batch_from_rows({test::random_row(config, 20, seed),
                                test::random_row(config, 20, seed + 1)});
}

std::vector<at::Tensor> compute_gradients(const Network& network,
                                          const Batch& batch) {
  return network.gradients(network.loss(batch));
}

}  // namespace

TEST_CASE("Initial weights depend only on the seed") {
  const ModelConfig config = test::tiny_config();
  const Network first(config, 7), again(config, 7), other(config, 8);
  CHECK(at::equal(first.flat_parameters(), again.flat_parameters()));
  CHECK_FALSE(at::equal(first.flat_parameters(), other.flat_parameters()));
  CHECK(first.parameter_count() == parameter_count(config));
}

TEST_CASE(
    "Parameters are views of the flat buffer, those with weight decay first") {
  const Network network(test::tiny_config(), 1);
  int64_t decayed = 0;
  for (size_t i = 0; i < network.parameters().size(); ++i) {
    const Parameter& parameter = network.parameters()[i];
    INFO(parameter.name);
    CHECK(parameter.value.data_ptr<float>() ==
          network.flat_parameters().data_ptr<float>() +
              network.parameter_offset(i));
    CHECK((network.parameter_offset(i) < network.decayed_parameter_count()) ==
          parameter.has_weight_decay);
    if (parameter.has_weight_decay) {
      decayed += parameter.value.numel();
    }
  }
  CHECK(decayed == network.decayed_parameter_count());
}

TEST_CASE("Smooth bins: neighbors are similar, distant bins are not") {
  const ModelConfig config = test::tiny_config(PositionEncoding::rotary);
  const Network network(config, 1,
                        {.embedding_scale = 0.2, .smooth_bins = true});
  const at::Tensor rows = network.parameters()[0].value.detach().narrow(
      0, config.vocabulary.continuous_begin(), data::Vocabulary::kBinCount);
  CHECK(rows.square().mean().sqrt().item<double>() == Approx(0.2).epsilon(0.2));
  const double next =
      (rows[500] - rows[501]).square().mean().sqrt().item<double>();
  const double far =
      (rows[100] - rows[900]).square().mean().sqrt().item<double>();
  CHECK(next < 0.05);
  CHECK(far > 0.1);
}

TEST_CASE("The initial loss is that of a uniform prediction") {
  const ModelConfig config = test::tiny_config();
  const Network network(config, 1);
  const Loss loss = network.loss(batch_for(config, 1));
  CHECK(loss.per_target.mean().item<double>() ==
        Approx(std::log(config.vocabulary.size())).epsilon(0.02));
}

TEST_CASE("No token depends on a later one") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  const ModelConfig config = test::tiny_config(position);
  const Network network(config, 1);
  const data::TokenRow row = test::random_row(config, 20, 3);
  const data::TokenRow other = test::random_row(config, 20, 4);
  data::TokenRow mixed = test::slice_row(row, 0, 20);
  for (size_t i = 10; i < 20; ++i) {
    if (data::is_patch(other.tokens[i]) || data::is_patch(row.tokens[i])) {
      continue;
    }
    mixed.tokens[i] = other.tokens[i];
    mixed.local_position[i] = other.local_position[i];
  }
  const at::Tensor first = network.hidden_states(test::batch_from_rows({row}));
  const at::Tensor second =
      network.hidden_states(test::batch_from_rows({mixed}));
  CHECK(at::allclose(first.narrow(0, 0, 10), second.narrow(0, 0, 10), 0, 1e-6));
  CHECK_FALSE(at::allclose(first, second, 0, 1e-3));
}

TEST_CASE("With a document mask, tokens see their document and the prompt") {
  ModelConfig config = test::tiny_config(
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary));
  config.document_mask = GENERATE(false, true);
  const Network network = test::tiny_network(config);
  const data::TokenRow row = test::random_row(config, 30, 3);
  // Returns the hidden states of a row in which the tokens of `prompt` are a
  // prompt and all from `second` on are a second document.
  const auto hidden_states = [&](const data::TokenRow& tokens, int64_t prompt,
                                 int64_t second) {
    BatchBuilder builder(1, tokens.size());
    builder.set_tokens(0, tokens);
    for (int64_t i = 0; i < tokens.size(); ++i) {
      builder.set_segment(
          i, i < prompt ? Batch::kPromptSegment : (i < second ? 0 : 1));
    }
    return network.hidden_states(builder.build());
  };
  const at::Tensor whole = hidden_states(row, 0, 12);
  const at::Tensor alone = network.hidden_states(
      test::batch_from_rows({test::slice_row(row, 12, 30)}));
  CHECK(at::allclose(whole.narrow(0, 12, 18), alone, 1e-4, 1e-5) ==
        config.document_mask);
  const at::Tensor first = network.hidden_states(
      test::batch_from_rows({test::slice_row(row, 0, 12)}));
  CHECK(at::allclose(whole.narrow(0, 0, 12), first, 1e-4, 1e-5));
  // A prompt before the second document is as if it belonged to it.
  CHECK(at::allclose(hidden_states(row, 12, 12),
                     network.hidden_states(test::batch_from_rows({row})), 1e-4,
                     1e-5));
}

TEST_CASE("The fused attention of long rows equals plain products") {
  ModelConfig config = test::tiny_config(PositionEncoding::rotary);
  config.context = 200;
  const Network network(config, 1);
  const data::TokenRow row = test::random_row(config, 200, 3);
  const at::Tensor fused = network.hidden_states(test::batch_from_rows({row}));
  const at::Tensor plain = network.hidden_states(
      test::batch_from_rows({test::slice_row(row, 0, 100)}));
  CHECK(at::allclose(fused.narrow(0, 0, 100), plain, 1e-4, 1e-4));
}

TEST_CASE("bf16 is close to fp32") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  const ModelConfig config = test::tiny_config(position);
  const Batch batch = batch_for(config, 1);
  Network network(config, 1);
  const double exact = network.loss(batch).total.item<double>();
  const auto gradients = compute_gradients(network, batch);
  network.set_precision(Precision::bf16);
  CHECK(network.loss(batch).total.item<double>() ==
        Approx(exact).epsilon(0.01));
  const auto rounded = compute_gradients(network, batch);
  for (size_t i = 0; i < gradients.size(); ++i) {
    INFO(network.parameters()[i].name);
    REQUIRE(rounded[i].scalar_type() == at::kFloat);
    const double scale = gradients[i].norm().item<double>();
    CHECK((rounded[i] - gradients[i]).norm().item<double>() <= 0.1 * scale);
  }
}

TEST_CASE("Concurrent threads compute the same gradients as one thread") {
  at::set_num_threads(1);
  const ModelConfig config = test::tiny_config();
  const Network network(config, 1);
  const Batch batches[] = {batch_for(config, 1), batch_for(config, 11)};
  std::vector<at::Tensor> sequential[2], concurrent[2];
  for (int i = 0; i < 2; ++i) {
    sequential[i] = compute_gradients(network, batches[i]);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      at::set_num_threads(1);
      concurrent[i] = compute_gradients(network, batches[i]);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (int i = 0; i < 2; ++i) {
    for (size_t j = 0; j < sequential[i].size(); ++j) {
      CHECK(at::equal(sequential[i][j], concurrent[i][j]));
    }
  }
}

TEST_CASE("Regularization depends on the index of a row, not on the batch") {
  const ModelConfig config = test::tiny_config(PositionEncoding::rotary);
  const Network network(config, 1);
  const data::TokenRow first = test::random_row(config, 20, 1);
  const data::TokenRow second = test::random_row(config, 20, 2);
  Regularization both{.stochastic_depth = 0.5,
                      .dropout = 0.1,
                      .seed = 4,
                      .step = 9,
                      .first_row = 30};
  const at::Tensor together =
      network.hidden_states(test::batch_from_rows({first, second}), both);
  Regularization last = both;
  last.first_row = 31;
  const at::Tensor alone =
      network.hidden_states(test::batch_from_rows({second}), last);
  CHECK(at::allclose(together.narrow(0, 20, 20), alone, 1e-4, 1e-5));
  last.step = 10;
  CHECK_FALSE(
      at::allclose(network.hidden_states(test::batch_from_rows({second}), last),
                   alone, 1e-4, 1e-5));
}

TEST_CASE(
    "Activation checkpointing changes no bit of the loss or the gradients") {
  const PositionEncoding position =
      GENERATE(PositionEncoding::relative, PositionEncoding::rotary);
  Network network(test::tiny_config(position), 1);
  const Batch batch =
      test::batch_from_rows({test::random_row(network.config(), 20, 1),
                             test::random_row(network.config(), 20, 2)});
  const Regularization regularization{
      .stochastic_depth = 0.3, .dropout = 0.1, .seed = 5, .step = 9};
  const auto loss_and_gradients = [&] {
    const Loss loss = network.loss(batch, regularization);
    return std::pair(loss.total.item<double>(), network.gradients(loss));
  };
  const auto plain = loss_and_gradients();
  network.set_activation_checkpointing(true);
  const auto checkpointed = loss_and_gradients();
  CHECK(checkpointed.first == plain.first);
  for (size_t i = 0; i < plain.second.size(); ++i) {
    INFO(network.parameters()[i].name);
    REQUIRE(checkpointed.second[i].defined());
    CHECK(at::equal(checkpointed.second[i], plain.second[i]));
  }
}

TEST_CASE("Each gradient is passed on once, those of the last block first") {
  Network network(test::tiny_config(), 1);
  REQUIRE(network.config().layers > 1);
  network.set_precision(Precision::bf16);
  const bool checkpoints = GENERATE(false, true);
  network.set_activation_checkpointing(checkpoints);
  const Batch batch =
      test::batch_from_rows({test::random_row(network.config(), 20, 1)});
  std::set<size_t> received;
  auto block = static_cast<int>(network.config().layers);
  int embeddings_before_blocks = 0;
  network.backward(network.loss(batch), [&](size_t i, at::Tensor gradient) {
    const Parameter& parameter = network.parameters()[i];
    INFO(parameter.name);
    CHECK(gradient.sizes() == parameter.value.sizes());
    CHECK(gradient.scalar_type() == at::kFloat);
    CHECK(received.insert(i).second);
    if (!parameter.name.starts_with("blocks.")) {
      embeddings_before_blocks +=
          parameter.name.starts_with("embedding.") && block > 0;
      return;
    }
    const int next_block = std::stoi(parameter.name.substr(7));
    CHECK(next_block <= block);
    block = next_block;
  });
  CHECK(received.size() == network.parameters().size());
  CHECK(block == 0);
  CHECK(embeddings_before_blocks == 0);
}

TEST_CASE("Actions share one position encoding, or have none") {
  ModelConfig config = test::tiny_config();
  // Losses with the initial vector of actions and with another one.
  const auto losses = [&] {
    const Network network(config, 1);
    const Batch batch =
        test::batch_from_rows({test::random_row(config, 20, 1)});
    const double initial = network.loss(batch).total.item<double>();
    network.parameters()[2].value.fill_(1);
    CHECK(network.parameters()[2].name == "embedding.action");
    return std::pair(initial, network.loss(batch).total.item<double>());
  };
  const auto shared = losses();
  CHECK(shared.first != shared.second);
  config.action_position = ActionPositionEncoding::none;
  const auto none = losses();
  CHECK(none.first == none.second);
  CHECK(none.first != shared.first);
}

TEST_CASE("Graphs of the same network are independent") {
  const Network network(test::tiny_config(), 1);
  const Batch batch =
      test::batch_from_rows({test::random_row(network.config(), 20, 1)});
  const Loss loss = network.loss(batch);
  const Loss other = network.loss(batch);  // two graphs at a time
  const auto gradients = network.gradients(loss);
  const auto others = network.gradients(other);
  for (size_t i = 0; i < gradients.size(); ++i) {
    CHECK(at::equal(gradients[i], others[i]));
    CHECK_FALSE(network.parameters()[i].value.requires_grad());
  }
  const at::NoGradGuard no_grad;
  CHECK(network.loss(batch).leaves.empty());
}

TEST_CASE("Dropped outputs are scaled to preserve the mean") {
  const Regularization regularization{.stochastic_depth = 0.25, .seed = 1};
  const at::Tensor scale = stochastic_depth_scales(regularization, 4, 4000)[3];
  CHECK(scale.mean().item<double>() == Approx(1).epsilon(0.05));
  CHECK(scale.max().item<double>() == Approx(1 / 0.75));
  CHECK(scale.min().item<double>() == 0);
  const at::Tensor ones = at::ones({400, 10});
  const Regularization dropout{.dropout = 0.1, .seed = 1};
  const at::Tensor dropped = apply_dropout(ones, dropout, 0, {4, 100, {}});
  CHECK(dropped.mean().item<double>() == Approx(1).epsilon(0.05));
  const at::Tensor chosen = at::tensor({3, 99, 100, 399}, at::kLong);
  CHECK(at::equal(
      apply_dropout(ones.index_select(0, chosen), dropout, 0, {4, 100, chosen}),
      dropped.index_select(0, chosen)));
}

TEST_CASE(
    "Regularization is the same if the last block computes only the targets") {
  const Regularization regularization =
      GENERATE(Regularization{.stochastic_depth = 0.5, .seed = 3},
               Regularization{.dropout = 0.2, .seed = 4}, Regularization{});
  const Network network(test::tiny_config(), 1);
  const Batch batch = batch_for(network.config(), 1);
  const at::Tensor per_target =
      network.loss(batch, regularization, {}).per_target;
  const at::Tensor logits =
      network.logits(network.hidden_states(batch, regularization))
          .index_select(0, batch.target_index);
  const at::Tensor expected = at::cross_entropy_loss(logits, batch.target_label,
                                                     {}, at::Reduction::None);
  CHECK(at::allclose(per_target, expected, 1e-4, 1e-5));
}

TEST_CASE("Weights that do not match the configuration are bad input") {
  const ModelConfig config = test::tiny_config(PositionEncoding::rotary);
  const Network network(config, 1);
  std::map<std::string, at::Tensor> weights;
  for (const Parameter& parameter : network.parameters()) {
    weights[parameter.name] = parameter.value.detach();
  }
  CHECK(at::equal(Network(config, weights).flat_parameters(),
                  network.flat_parameters()));
  SECTION("missing") { weights.erase("output_norm.bias"); }
  SECTION("unknown") { weights["blocks.2.up"] = at::zeros({1}); }
  SECTION("another shape") {
    weights["output_norm.bias"] = at::zeros({config.width + 1});
  }
  SECTION("another type") {
    weights["output_norm.bias"] = at::zeros({config.width}, at::kInt);
  }
  CHECK_THROWS_AS(Network(config, weights), base::Error);
}

}  // namespace gato::model

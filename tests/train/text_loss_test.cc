#include "gato/train/text_loss.h"

#include <algorithm>
#include <cmath>

#include "catch.h"
#include "data/sample_documents.h"
#include "gato/data/token_columns.h"
#include "gato/model/kv_cache.h"
#include "gato/tokenize/document_encoder.h"
#include "model/tiny_model.h"

namespace gato::train {
namespace {

// A network with a text model of 200 pieces, and documents of text.
struct Fixture {
  model::ModelConfig config = test::tiny_config();
  std::string text_model =
      base::read_file(GATO_SOURCE_DIR "/tests/reference/text.model");
  tokenize::TextEncoder encoder{text_model};
  std::optional<model::Network> network;
  data::TokenColumns columns;
  data::TaskTable tasks;

  Fixture() {
    config.vocabulary =
        data::Vocabulary::make(text_model, 200, data::DiscreteLayout::separate);
    network.emplace(test::tiny_network(config));
    tasks.tasks.resize(1);
    tasks.sources = {"test"};
  }
  data::TokenizedDocument encode(data::Document document) const {
    return tokenize::encode_document(document, config.vocabulary, encoder);
  }
  TextLoss loss(int64_t threads = 1) {
    const data::TokenTable table =
        std::move(columns).to_table("table", config.vocabulary, tasks);
    return compute_text_loss(*network, table, encoder, {.threads = threads});
  }
  // Returns the loss of tokens [first, end) after those of [begin, first),
  // where token -1 is </s>; read one at a time.
  double loss_of(const data::TokenizedDocument& document, int64_t begin,
                 int64_t first, int64_t end) const {
    model::KvCache cache(*network, 1);
    const int64_t slot = 0;
    double total = 0;
    for (int64_t i = begin; i + 1 < end; ++i) {
      const int32_t id = i < 0 ? encoder.eos_id() : document.tokens[i];
      data::TokenRow row;
      row.push_back(id, data::Modality::text, data::TokenRow::kNoLocalPosition);
      const at::Tensor logits =
          network->logits(cache.append({&slot, 1}, {&row, 1}));
      if (i + 1 >= first) {
        total -= at::log_softmax(logits, 1)[0][document.tokens[i + 1]]
                     .item<double>();
      }
    }
    return total;
  }
};

std::string repeated(const std::string& text, int count) {
  std::string result = text;
  for (int i = 1; i < count; ++i) {
    result += " " + text;
  }
  return result;
}

}  // namespace

TEST_CASE("Every text token counts once, after a </s>") {
  Fixture fixture;
  const auto first = fixture.encode({{"red circle above"}});
  const auto second =
      fixture.encode({{"left of the square", data::EndOfText{}, "blue"}});
  fixture.columns.append(first);
  fixture.columns.append(second);
  const int64_t first_size = std::ssize(first.tokens),
                second_size = std::ssize(second.tokens);
  const double expected = fixture.loss_of(first, -1, 0, first_size) +
                          fixture.loss_of(second, -1, 0, second_size);
  const TextLoss loss = fixture.loss(2);
  CHECK(loss.tokens == first_size + second_size);
  CHECK(loss.bytes == 16 + 18 + 4);
  CHECK(loss.loss == Approx(expected).epsilon(1e-4));

  const auto report = loss.to_json(model::Precision::fp32);
  CHECK(report["tokens"] == loss.tokens);
  CHECK(report["bytes"] == loss.bytes);
  const double mean = report["loss"];
  CHECK(mean == Approx(expected / static_cast<double>(loss.tokens)));
  CHECK(report["perplexity"] == Approx(std::exp(mean)));
  CHECK(report["bits_per_byte"] == Approx(expected / std::log(2) / 38));
}

TEST_CASE("A long text is read in windows that overlap by half") {
  Fixture fixture;
  const std::string text = repeated("the blue circle is left of it", 12);
  const auto document = fixture.encode({{text}});
  const int64_t size = std::ssize(document.tokens);
  constexpr int64_t kContext = 64;
  REQUIRE(size > 2 * kContext);
  fixture.columns.append(document);
  double expected = fixture.loss_of(document, -1, 0, kContext - 1);
  for (int64_t first = kContext - 1; first < size; first += kContext / 2) {
    expected += fixture.loss_of(document, first - kContext / 2, first,
                                std::min(size, first + kContext / 2));
  }
  const TextLoss loss = fixture.loss();
  CHECK(loss.tokens == size);
  CHECK(loss.bytes == std::ssize(text));
  CHECK(loss.loss == Approx(expected).epsilon(1e-4));
}

TEST_CASE("Only the text of images with text counts") {
  Fixture fixture;
  data::Image image;
  image.height = image.width = 32;
  image.pixels.assign(32 * 32 * 3, 90);
  const auto document = fixture.encode({{image, "red"}});
  fixture.columns.append(document);
  const TextLoss loss = fixture.loss();
  CHECK(loss.tokens == std::ssize(document.tokens) - 4);
  CHECK(loss.bytes == 3);
}

TEST_CASE("Episodes and another vocabulary have no perplexity") {
  Fixture fixture;
  fixture.columns.append(test::make_episode_document(2, 1, 1, 1));
  CHECK_THROWS_AS(fixture.loss(), base::Error);
  Fixture other;
  other.columns.append(other.encode({{"red"}}));
  const data::TokenTable table =
      std::move(other.columns)
          .to_table("table", test::small_vocabulary(), other.tasks);
  CHECK_THROWS_AS(compute_text_loss(*other.network, table, other.encoder, {}),
                  base::Error);
  CHECK_THROWS_AS(TextLoss{}.to_json(model::Precision::fp32), base::Error);
}

TEST_CASE("A context of one token has no perplexity") {
  Fixture fixture;
  fixture.config.context = 1;
  fixture.network.emplace(test::tiny_network(fixture.config));
  fixture.columns.append(fixture.encode({{"red"}}));
  CHECK_THROWS_AS(fixture.loss(), base::Error);
}

}  // namespace gato::train

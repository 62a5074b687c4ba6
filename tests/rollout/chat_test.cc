#include "gato/rollout/chat.h"

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/data/document.h"
#include "gato/tokenize/document_encoder.h"
#include "model/tiny_model.h"

namespace gato::rollout {
namespace {

// The model of write_tiny_model(), with a context of 64 tokens.
TextModel load_tiny_text_model() {
  const test::ScratchDirectory folder;
  test::write_tiny_model(folder / "model");
  return {model::load_model(folder / "model"), std::nullopt};
}

const TextModel& tiny_text_model() {
  static const TextModel model = load_tiny_text_model();
  return model;
}

ChatOptions greedy_options() {
  return {.sampling = {.greedy = true}, .max_tokens = 8};
}

// Returns what the network writes after the tokens of a document, without the
// </s> at its end.
std::string continue_document(const data::Document& document) {
  const TextModel& model = tiny_text_model();
  data::TokenRow row = text_row(
      tokenize::encode_document(document, model.network().config().vocabulary,
                                model.encoder())
          .tokens);
  row.resize(row.size() - 1);
  model::KvCache cache(model.network(), 1);
  const int64_t slot = 0;
  const model::SampleKey key;
  const at::Tensor hidden = cache.append({&slot, 1}, {&row, 1});
  return model.encoder().decode(
      generate_text(cache, {&slot, 1}, hidden, {&key, 1},
                    model.generation_options({.greedy = true}, 8))
          .front()
          .ids);
}

}  // namespace

TEST_CASE("A chat reads the tokens that gato-tokenize writes for a dialogue") {
  ChatOptions options = greedy_options();
  options.preamble =
      encode_preamble(tiny_text_model(), "a chat<|endoftext|>red<|endoftext|>");
  Chat chat(tiny_text_model(), options);
  chat.reply({}, "left of");
  chat.set_reply("the circle");
  data::Document document{{"a chat", data::EndOfText{}, "red",
                           data::EndOfText{}, "User: left of\nGato: the circle",
                           data::EndOfText{}, "User: blue\nGato:"}};
  CHECK(chat.reply({}, "blue") == continue_document(document));
}

TEST_CASE("The parts of a reply add up to it") {
  Chat chat(tiny_text_model(), greedy_options());
  for (const char* turn : {"red", "circle above", "left"}) {
    std::string parts;
    CHECK(chat.reply({}, turn, [&](std::string_view part) { parts += part; }) ==
          parts);
  }
}

TEST_CASE("Old turns are dropped, and replies do not depend on them") {
  std::vector<std::string> turns;
  for (int i = 0; i < 12; ++i) {
    turns.push_back(i % 3 == 0 ? "red circle" : "above");
  }
  const auto last_reply = [&](size_t first, int64_t* kept) {
    Chat chat(tiny_text_model(), greedy_options());
    std::string reply;
    for (size_t i = first; i < turns.size(); ++i) {
      reply = chat.reply({}, turns[i]);
      *kept = chat.turn_count();
      chat.set_reply(i % 2 == 0 ? "blue" : "left of");
    }
    return reply;
  };
  int64_t kept = 0, kept_again = 0;
  const std::string reply = last_reply(0, &kept);
  CHECK(kept > 1);
  CHECK(kept < 8);
  CHECK(last_reply(turns.size() - static_cast<size_t>(kept), &kept_again) ==
        reply);
  CHECK(kept_again == kept);
}

TEST_CASE("A long chat stays within the context") {
  Chat chat(tiny_text_model(), {.max_tokens = 100});
  for (int i = 0; i < 60; ++i) {
    chat.reply({}, i % 2 == 0 ? "circle" : "the square is left of it");
    CHECK(chat.turn_count() < 8);
  }
}

TEST_CASE("A turn that does not fit in the context leaves the chat unchanged") {
  Chat chat(tiny_text_model(), greedy_options());
  Chat same(tiny_text_model(), greedy_options());
  chat.reply({}, "red");
  same.reply({}, "red");
  std::string long_turn;
  for (int i = 0; i < 100; ++i) {
    long_turn += "circle ";
  }
  try {
    chat.reply({}, long_turn);
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
  }
  CHECK_THROWS_AS(chat.set_reply(long_turn), base::Error);
  CHECK(chat.turn_count() == 1);
  CHECK(chat.reply({}, "blue") == same.reply({}, "blue"));
  Chat empty(tiny_text_model(), greedy_options());
  CHECK_THROWS_AS(empty.set_reply(long_turn), base::Error);
  CHECK(empty.turn_count() == 0);
}

TEST_CASE("A preamble must leave half of the context for the dialogue") {
  ChatOptions options = greedy_options();
  std::string text;
  while (options.preamble.size() <= 32) {
    options.preamble = encode_preamble(tiny_text_model(), text += "red ");
  }
  CHECK_THROWS_AS(Chat(tiny_text_model(), options), base::Error);
  CHECK(encode_preamble(tiny_text_model(), " \n").size() == 0);
}

}  // namespace gato::rollout

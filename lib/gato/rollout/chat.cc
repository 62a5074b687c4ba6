#include "gato/rollout/chat.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/document.h"
#include "gato/ingest/text/dialogue.h"
#include "gato/ingest/text/end_of_text.h"
#include "gato/rollout/streaming_decoder.h"
#include "gato/tokenize/document_encoder.h"

namespace gato::rollout {
namespace {

// The only slot of the cache.
constexpr int64_t kSlot = 0;

}  // namespace

data::TokenRow encode_preamble(const TextModel& model, std::string text) {
  const std::string_view marker = ingest::find_end_of_text_marker(text);
  const data::Document document =
      ingest::make_text_document(std::move(text), marker);
  if (document.items.empty()) {
    return {};
  }
  return text_row(tokenize::encode_document(document,
                                            model.network().config().vocabulary,
                                            model.encoder())
                      .tokens);
}

Chat::Chat(const TextModel& model, ChatOptions options)
    : model_(model),
      options_(std::move(options)),
      generation_options_(
          model.generation_options(options_.sampling, options_.max_tokens)),
      cache_(model.decoder(), 1) {
  if (2 * options_.preamble.size() > cache_.capacity()) {
    throw base::usage_error(
        "--preamble: its {} tokens leave less than half of the model's context "
        "of {} tokens for the dialogue: use a shorter one, or none",
        options_.preamble.size(), cache_.capacity());
  }
}

std::string Chat::reply(const data::TokenRow& images, std::string_view text,
                        const std::function<void(std::string_view)>& on_text) {
  Turn turn;
  turn.image_tokens = images.size();
  turn.prompt = ingest::dialogue_prompt(text);
  turn.tokens = images;
  const data::TokenRow words = model_.encode_text(turn.prompt);
  turn.tokens.append(words, 0, words.size());
  check_fits(turn.tokens.size());
  turns_.push_back(std::move(turn));
  ++number_;

  StreamingDecoder stream(model_.encoder());
  const auto report = [&](std::string_view part) {
    if (on_text && !part.empty()) {
      on_text(part);
    }
  };
  const std::vector<int32_t> ids =
      generate_reply([&](size_t, int32_t id) { report(stream.push(id)); });
  report(stream.finish());
  return model_.encoder().decode(ids);
}

// Generates in parts, of as many tokens as there is room for.
std::vector<int32_t> Chat::generate_reply(const TokenCallback& on_token) {
  std::vector<int32_t> ids;
  data::TokenRow& tokens = turns_.back().tokens;
  TextGenerationOptions options = generation_options_;
  bool is_complete = false;
  while (!is_complete && options.max_tokens > 0) {
    make_room(std::min(options.max_tokens, cache_.capacity() / 4));
    const int64_t room = cache_.capacity() - token_count();
    if (room == 0) {
      break;
    }
    const at::Tensor hidden = read_new_tokens();
    TextGenerationOptions part_options = options;
    part_options.max_tokens = std::min(options.max_tokens, room);
    const model::SampleKey key = {0, number_, ids.size()};
    const GeneratedText part = generate_text(cache_, {&kSlot, 1}, hidden,
                                             {&key, 1}, part_options, on_token)
                                   .front();
    const data::TokenRow row = text_row(part.ids);
    tokens.append(row, 0, row.size());
    ids.insert(ids.end(), part.ids.begin(), part.ids.end());
    options.max_tokens -= row.size();
    is_complete = part.is_complete;
  }
  const data::TokenRow end = text_row({&options.end_of_text, 1});
  tokens.append(end, 0, 1);
  return ids;
}

void Chat::set_reply(std::string_view text) {
  Turn turn = turns_.empty() ? Turn{.prompt = std::string(ingest::kModelName)}
                             : turns_.back();
  data::TokenRow words =
      model_.encode_text(turn.prompt + " " + std::string(text));
  const data::TokenRow end = text_row({&generation_options_.end_of_text, 1});
  words.append(end, 0, 1);
  check_fits(turn.image_tokens + words.size());
  turn.tokens.resize(turn.image_tokens);
  turn.tokens.append(words, 0, words.size());
  if (turns_.empty()) {
    turns_.emplace_back();
  }
  turns_.back() = std::move(turn);
  cache_.clear(kSlot);
}

void Chat::start_over() {
  turns_.clear();
  cache_.clear(kSlot);
}

void Chat::check_fits(int64_t tokens) const {
  // One more for the reply.
  if (options_.preamble.size() + tokens + 1 > cache_.capacity()) {
    throw base::input_error(
        "the {} tokens of the turn do not fit in the model's context of {}, of "
        "which the preamble has {}: make it shorter",
        tokens, cache_.capacity(), options_.preamble.size());
  }
}

int64_t Chat::token_count() const {
  int64_t count = options_.preamble.size();
  for (const Turn& turn : turns_) {
    count += turn.tokens.size();
  }
  return count;
}

void Chat::make_room(int64_t count) {
  while (turns_.size() > 1 && token_count() + count > cache_.capacity()) {
    turns_.pop_front();
    cache_.clear(kSlot);
  }
}

at::Tensor Chat::read_new_tokens() {
  int64_t cached = cache_.length(kSlot);
  data::TokenRow chunk;
  const auto append_new = [&](const data::TokenRow& row) {
    const int64_t begin = std::min(cached, row.size());
    chunk.append(row, begin, row.size());
    cached -= begin;
  };
  append_new(options_.preamble);
  for (const Turn& turn : turns_) {
    append_new(turn.tokens);
  }
  return cache_.append({&kSlot, 1}, {&chunk, 1});
}

}  // namespace gato::rollout

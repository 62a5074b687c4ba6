// A dialogue with a model (Reed et al. 2022, section 4.3).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "gato/data/tokens.h"
#include "gato/model/kv_cache.h"
#include "gato/rollout/text_model.h"

namespace gato::rollout {

struct ChatOptions {
  model::SamplingOptions sampling;
  int64_t max_tokens = 64;  // of a reply
  // Stays before the turns; from encode_preamble().
  data::TokenRow preamble = {};
};

// Returns the tokens of a preamble: those that gato-tokenize text writes for
// the same text, in which end-of-text markers are </s>.
data::TokenRow encode_preamble(const TextModel& model, std::string text);

// Keeps the turns that fit the model's context. What the network reads for a
// reply are the tokens that gato-tokenize writes for the preamble and these
// turns (ingest/text/dialogue.h). To make room, the oldest turns are dropped,
// each with its reply, and the rest is read again, so that a reply does not
// depend on dropped turns. Otherwise only new tokens are read. Memory, and the
// time per turn, are bounded by the context. Not thread-safe.
class Chat {
 public:
  // Throws Error(usage) if the preamble does not leave half of the context to
  // the turns.
  Chat(const TextModel& model, ChatOptions options);

  // Adds a turn of the user, whose image tokens precede its text, and returns
  // the model's reply. Passes the parts of the reply to `on_text`, if it is not
  // empty, as they are generated. Throws Error(bad_input) if the turn does not
  // fit in the context; the dialogue is then unchanged.
  std::string reply(const data::TokenRow& images, std::string_view text,
                    const std::function<void(std::string_view)>& on_text = {});
  // Replaces the reply to the last turn. If there has been no turn, this is
  // what the model says before the first one. Throws Error(bad_input) as
  // reply() does.
  void set_reply(std::string_view text);

  // Drops all turns. Later samples differ from those of a new object.
  void start_over();

  int64_t turn_count() const { return std::ssize(turns_); }  // not dropped

 private:
  struct Turn {
    data::TokenRow tokens;  // images, text and reply
    int64_t image_tokens = 0;
    std::string prompt;  // the text of the user's turn
  };

  void check_fits(int64_t tokens) const;
  int64_t token_count() const;  // of the preamble and all turns
  // Drops turns, except for the last one, until `count` more tokens fit.
  void make_room(int64_t count);
  // Reads the tokens that are not in the cache yet. Returns the hidden state of
  // the last one.
  at::Tensor read_new_tokens();
  std::vector<int32_t> generate_reply(const TokenCallback& on_token);

  const TextModel& model_;
  ChatOptions options_;
  TextGenerationOptions generation_options_;
  model::KvCache cache_;  // one slot: the first tokens of preamble and turns
  std::deque<Turn> turns_;
  uint64_t number_ = 0;  // of turns so far
};

}  // namespace gato::rollout

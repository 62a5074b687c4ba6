// The loss of a model on text, per token and per byte.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "gato/base/progress.h"
#include "gato/data/token_table.h"
#include "gato/model/network.h"
#include "gato/tokenize/text_encoder.h"
#include "gato/train/input/sequence_file_data.h"

namespace gato::train {

struct TextLoss {
  double loss = 0;     // sum over the tokens, in nats
  int64_t tokens = 0;  // pieces and </s>
  int64_t bytes = 0;   // of the text in UTF-8; </s> has none

  void add(const TextLoss& other);
  // Returns {"tokens", "bytes", "loss", "perplexity", "bits_per_byte"}; loss is
  // the mean per token. Throws Error(bad_input) if there are no tokens, and
  // Error(run_failed) if the loss, computed in `precision`, is not finite.
  nlohmann::ordered_json to_json(model::Precision precision) const;
};

struct TextLossOptions {
  int64_t threads = 1;
  base::ProgressDisplay* progress = nullptr;
};

// Returns the loss of the text of all documents, none of which is an episode.
// Every document follows a </s>, as in a sequence of documents, and each of its
// text tokens counts once. If a document exceeds the context, the network
// reads it in windows of the context that overlap by half: a token is predicted
// from the half before it, at least. Throws Error(bad_input) if the
// vocabularies differ, a document is an episode or the context is one token.
TextLoss compute_text_loss(const model::Network& network,
                           const data::TokenTable& documents,
                           const tokenize::TextEncoder& encoder,
                           const TextLossOptions& options);

// Returns the loss of the text in sequences, whose tokens except for the first
// are the targets, as in training. The bytes include those of the first. Throws
// the errors of check_compatible().
TextLoss compute_text_loss(const model::Network& network,
                           const SequenceFileData& sequences,
                           const tokenize::TextEncoder& encoder,
                           const TextLossOptions& options);

}  // namespace gato::train

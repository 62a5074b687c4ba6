// Windows of documents are rows of batches of about kBatchTokens tokens, which
// are computed in parallel and added in order, so that the sum does not depend
// on the number of threads.
#include "gato/train/text_loss.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/model/batch_builder.h"
#include "gato/train/evaluate_loss.h"
#include "gato/train/step_gradient.h"

namespace gato::train {
namespace {

constexpr int64_t kBatchTokens = 2048;

// Consecutive tokens of a document, of which those from `first_target` on are
// targets if they are text.
struct Window {
  data::TokenRow row;
  int64_t first_target = 0;
};

// Returns the number of bytes of the text. A </s> or a token that is not text
// divides it into parts, the first piece of each of which has no space before
// it.
int64_t count_text_bytes(std::span<const int32_t> tokens,
                         std::span<const data::Modality> modality,
                         const tokenize::TextEncoder& encoder) {
  const int32_t end_of_text = encoder.eos_id();
  int64_t bytes = 0;
  std::vector<int32_t> ids;
  const auto finish_part = [&] {
    bytes += std::ssize(encoder.decode(ids));
    ids.clear();
  };
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (modality[i] == data::Modality::text && tokens[i] != end_of_text) {
      ids.push_back(tokens[i]);
    } else {
      finish_part();
    }
  }
  finish_part();
  return bytes;
}

// Returns tokens [begin, end) of a document with their patches.
data::TokenRow read_row(const data::TokenizedDocument& document, int64_t begin,
                        int64_t end) {
  data::TokenRow row = data::make_token_row(document, begin, end);
  for (int32_t& token : row.tokens) {
    if (data::is_patch(token)) {
      token = row.add_patch(document.patches[data::patch_index(token)]);
    }
  }
  return row;
}

class TextLossComputation {
 public:
  TextLossComputation(const model::Network& network,
                      const data::TokenTable& documents,
                      const tokenize::TextEncoder& encoder,
                      const TextLossOptions& options)
      : network_(network),
        documents_(documents),
        encoder_(encoder),
        pool_(worker_count(network.device(), options.threads, options.threads)),
        progress_(options.progress, "evaluating", "documents",
                  documents.document_count()) {}

  TextLoss run() {
    for (int64_t i = 0; i < documents_.document_count(); ++i) {
      const data::TokenizedDocument document = documents_.document(i);
      if (document.is_episode) {
        throw base::input_error(
            "{}: document {} is an episode, not a text: gato-eval loss "
            "computes the loss of episodes",
            documents_.name(), i);
      }
      total_.bytes +=
          count_text_bytes(document.tokens, document.modality, encoder_);
      add_windows(document);
      progress_.advance();
    }
    submit_batch();
    pool_.wait_all();
    return total_;
  }

 private:
  // Divides a document, after a </s>, into windows.
  void add_windows(const data::TokenizedDocument& document) {
    const int64_t context = network_.config().context;
    const int64_t size = std::ssize(document.tokens);
    int64_t begin = -1;  // index in the document; -1 is the </s> before it
    int64_t first_target = 0;
    while (first_target < size) {
      const int64_t end = std::min(size, begin + context);
      Window window;
      if (begin < 0) {
        window.row.push_back(encoder_.eos_id(), data::Modality::text,
                             data::TokenRow::kNoLocalPosition);
      }
      const data::TokenRow tokens =
          read_row(document, std::max<int64_t>(begin, 0), end);
      window.row.append(tokens, 0, tokens.size());
      window.first_target = first_target - begin;
      add_window(std::move(window));
      first_target = end;
      begin = end - context / 2;
    }
  }

  void add_window(Window window) {
    longest_ = std::max(longest_, window.row.size());
    batch_.push_back(std::move(window));
    if (longest_ * std::ssize(batch_) >= kBatchTokens) {
      submit_batch();
    }
  }

  void submit_batch() {
    if (batch_.empty()) {
      return;
    }
    pool_.submit([this, windows = std::exchange(batch_, {}),
                  length = std::exchange(longest_, 0)](int64_t) {
      const TextLoss loss = compute(windows, length);
      return [this, loss] { total_.add(loss); };
    });
  }

  TextLoss compute(const std::vector<Window>& windows, int64_t length) const {
    const c10::NoGradGuard no_gradient;
    at::set_num_threads(1);
    model::BatchBuilder builder(std::ssize(windows), length);
    TextLoss result;
    for (size_t r = 0; r < windows.size(); ++r) {
      const auto& [row, first_target] = windows[r];
      const int64_t offset = static_cast<int64_t>(r) * length;
      builder.set_tokens(offset, row);
      for (int64_t i = first_target; i < row.size(); ++i) {
        if (row.modality[i] == data::Modality::text) {
          builder.add_target(offset + i - 1, row.tokens[i], row.modality[i], 0);
          ++result.tokens;
        }
      }
    }
    if (result.tokens > 0) {
      result.loss = network_.loss(builder.build().to(network_.device()))
                        .per_target.sum(at::kDouble)
                        .item<double>();
    }
    return result;
  }

  const model::Network& network_;
  const data::TokenTable& documents_;
  const tokenize::TextEncoder& encoder_;
  std::vector<Window> batch_;
  int64_t longest_ = 0;  // of the windows in batch_
  TextLoss total_;
  base::OrderedThreadPool pool_;
  base::Progress progress_;
};

}  // namespace

void TextLoss::add(const TextLoss& other) {
  loss += other.loss;
  tokens += other.tokens;
  bytes += other.bytes;
}

nlohmann::ordered_json TextLoss::to_json(model::Precision precision) const {
  if (tokens == 0) {
    throw base::input_error("the data contains no text to predict");
  }
  if (!std::isfinite(loss)) {
    throw non_finite_loss_error(precision);
  }
  const double mean = loss / static_cast<double>(tokens);
  nlohmann::ordered_json report = {{"tokens", tokens},
                                   {"bytes", bytes},
                                   {"loss", mean},
                                   {"perplexity", std::exp(mean)},
                                   {"bits_per_byte", nullptr}};
  if (bytes > 0) {
    report["bits_per_byte"] =
        loss / (std::log(2.0) * static_cast<double>(bytes));
  }
  return report;
}

TextLoss compute_text_loss(const model::Network& network,
                           const data::TokenTable& documents,
                           const tokenize::TextEncoder& encoder,
                           const TextLossOptions& options) {
  if (!documents.vocabulary().has_same_ids(network.config().vocabulary)) {
    throw base::input_error(
        "{}: its vocabulary differs from that of the model: tokenize the text "
        "with the model's tokenizer.model",
        documents.name());
  }
  if (network.config().context < 2) {
    throw base::input_error(
        "the context of the model is {}: no text can be predicted from it",
        network.config().context);
  }
  return TextLossComputation(network, documents, encoder, options).run();
}

TextLoss compute_text_loss(const model::Network& network,
                           const SequenceFileData& sequences,
                           const tokenize::TextEncoder& encoder,
                           const TextLossOptions& options) {
  const LossTable losses = compute_losses(
      network, sequences,
      {.threads = options.threads, .progress = options.progress});
  const nlohmann::json text =
      losses.to_json(sequences.tasks())["modality"]["text"];
  TextLoss result;
  result.tokens = text["targets"];
  if (result.tokens > 0) {
    result.loss =
        text["loss"].get<double>() * static_cast<double>(result.tokens);
  }
  for (int64_t i = 0; i < sequences.row_count(); ++i) {
    const TrainingData::Row row = sequences.row(i);
    const auto& modality = row.view.modality;
    result.bytes += count_text_bytes(
        row.view.tokens,
        {reinterpret_cast<const data::Modality*>(modality.data()),
         modality.size()},
        encoder);
  }
  return result;
}

}  // namespace gato::train

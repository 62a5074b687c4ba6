#include "gato/rollout/caption.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "gato/base/error.h"
#include "gato/cli/progress.h"
#include "gato/ingest/image_file.h"
#include "gato/model/cache.h"
#include "gato/model/directory.h"
#include "gato/model/sampler.h"
#include "gato/rollout/in_order.h"
#include "gato/rollout/task_match.h"
#include "gato/tokenize/encoder.h"
#include "gato/tokenize/token_output.h"

namespace gato {
namespace {

// A tab or a line end would break the table.
std::string on_one_line(std::string text) {
  for (char& c : text)
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  return text;
}

class Captioner {
 public:
  Captioner(const CaptionOptions& options, const cli::Context& context)
      : options_(options),
        paths_(context.common.inputs),
        model_(load_model(options.model)),
        text_(text_model(model_)),
        resize_(options.resize
                    ? parse_resize(*options.resize)
                    : caption_resize(model_.network->config().tasks)) {
    text_options_.sampler = {options.temperature.value_or(1),
                             !options.temperature, context.common.seed};
    text_options_.end_of_text = text_.end_of_text();
    text_options_.maximum_tokens = options.maximum_tokens;
  }

  // The lines of pictures [first, last).
  std::string lines(int64_t first, int64_t last) const {
    const at::NoGradGuard no_gradients;
    Cache cache(*model_.network, last - first);
    std::vector<TokenizedDocument> documents;
    for (int64_t i = first; i < last; ++i) documents.push_back(encode(i));
    std::vector<TokenFeatures> features;
    for (const TokenizedDocument& document : documents)
      features.push_back(features_of(document, 0, std::ssize(document.tokens)));
    std::vector<Chunk> chunks;
    std::vector<int64_t> slots;
    std::vector<DrawKey> keys;
    for (size_t i = 0; i < documents.size(); ++i) {
      chunks.push_back({&features[i], documents[i].patches});
      slots.push_back(static_cast<int64_t>(i));
      keys.push_back({static_cast<uint64_t>(first) + i, 0, 0});
    }
    const auto ids = generate_text(cache, slots, cache.append(slots, chunks),
                                   keys, text_options_);
    std::string lines;
    for (size_t i = 0; i < ids.size(); ++i)
      lines += line(paths_[first + i], text_.decode(ids[i]));
    return lines;
  }

 private:
  static std::string text_model(const Model& model) {
    const Vocabulary& vocabulary = model.network->config().vocabulary;
    if (vocabulary.sentencepiece.empty())
      throw input_error(
          "{} has no tokenizer.model, without which it cannot "
          "write text",
          model.directory.string());
    return vocabulary.sentencepiece;
  }

  // Captions are the tasks without actions; the first that resized its pictures
  // decides.
  static Resize caption_resize(const TaskTable& tasks) {
    for (const TaskEntry& entry : tasks.tasks)
      if (entry.spec.action.empty() && entry.image_height > 0)
        return recorded_resize(entry);
    return {};
  }

  // The picture and the text to begin with: what stood before the caption in
  // training.
  TokenizedDocument encode(int64_t i) const {
    TokenizedDocument document;
    encode_image(resize_by_area(read_image(paths_[i]), resize_), document);
    document.modality.resize(document.tokens.size(), Modality::patch);
    text_.encode(options_.prompt_text, document.tokens);
    document.modality.resize(document.tokens.size(), Modality::text);
    const int64_t size = std::ssize(document.tokens);
    document.step_offset = {0, size};
    if (size > model_.network->config().context)
      throw input_error(
          "{}: {} tokens do not fit the network's context of {}; make the "
          "picture smaller with --resize",
          paths_[i], size, model_.network->config().context);
    return document;
  }

  std::string line(const std::string& path, const std::string& text) const {
    if (!options_.json) return path + '\t' + on_one_line(text) + '\n';
    return nlohmann::json{{"image", path}, {"caption", text}}.dump() + '\n';
  }

  const CaptionOptions& options_;
  const std::vector<std::string>& paths_;
  Model model_;
  TextEncoder text_;
  Resize resize_;
  TextOptions text_options_;
};

}  // namespace

ExitStatus caption(const CaptionOptions& options, cli::Context& context) {
  const Captioner captioner(options, context);
  const int64_t pictures = std::ssize(context.common.inputs);
  const int64_t batches = (pictures + options.batch - 1) / options.batch;
  cli::Progress progress("caption", "pictures", pictures);
  const auto make_worker = [&](const GivenUp&) {
    at::set_num_threads(1);  // batches are what the threads work on
    return [&](int64_t batch) {
      const int64_t first = batch * options.batch;
      return captioner.lines(first, std::min(first + options.batch, pictures));
    };
  };
  int64_t delivered = 0;
  in_order<std::string>(
      batches, context.common.threads, make_worker, [&](std::string&& lines) {
        std::cout << lines;
        const int64_t next = std::min(delivered + options.batch, pictures);
        progress.add(next - delivered);
        delivered = next;
      });
  cli::report_counts({{"pictures", pictures}});
  return ExitStatus::done;
}

}  // namespace gato

#include "gato/rollout/caption.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/ordered_jobs.h"
#include "gato/base/placed.h"
#include "gato/base/signals.h"
#include "gato/cli/bad_records.h"
#include "gato/cli/progress.h"
#include "gato/ingest/image_file.h"
#include "gato/model/cache.h"
#include "gato/model/directory.h"
#include "gato/model/sampler.h"
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

// A picture's line, or why there is none.
using Line = cli::Attempt<std::string>;

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
    text_.encode(options.prompt_text, prompt_);
  }

  // Of pictures [first, last).
  std::vector<Line> lines(int64_t first, int64_t last) const {
    std::vector<Line> lines(static_cast<size_t>(last - first));
    std::vector<Picture> pictures;
    for (int64_t i = first; i < last; ++i) {
      auto document = cli::attempt([&] { return encode(paths_[i]); });
      lines[i - first].error = document.error;
      if (!document.error) pictures.push_back({i, std::move(document.value)});
    }
    const std::vector<std::string> texts = write(pictures);
    for (size_t i = 0; i < pictures.size(); ++i) {
      const int64_t number = pictures[i].number;
      lines[number - first].value = line(paths_[number], texts[i]);
    }
    return lines;
  }

 private:
  struct Picture {
    int64_t number;
    TokenizedDocument document;
  };

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

  static Image read(const std::string& path) {
    const EndsOnStop ends_on_stop;  // a pipe may keep it waiting
    return read_image(path);
  }

  // The picture and the text to begin with: what stood before the caption in
  // training.
  TokenizedDocument encode(const std::string& path) const {
    const Image image = read(path);
    TokenizedDocument document;
    placed(path,
           [&] { encode_image(resize_by_area(image, resize_), document); });
    document.modality.resize(document.tokens.size(), Modality::patch);
    document.tokens.insert(document.tokens.end(), prompt_.begin(),
                           prompt_.end());
    document.modality.resize(document.tokens.size(), Modality::text);
    const int64_t size = std::ssize(document.tokens);
    document.step_offset = {0, size};
    if (size > model_.network->config().context)
      throw input_error(
          "{}: {} tokens do not fit the network's context of {}; make the "
          "picture smaller with --resize",
          path, size, model_.network->config().context);
    return document;
  }

  std::vector<std::string> write(const std::vector<Picture>& pictures) const {
    if (pictures.empty()) return {};
    const at::NoGradGuard no_gradients;
    Cache cache(*model_.network, std::ssize(pictures));
    std::vector<TokenFeatures> features;
    for (const auto& [number, document] : pictures)
      features.push_back(features_of(document, 0, std::ssize(document.tokens)));
    std::vector<Chunk> chunks;
    std::vector<int64_t> slots;
    std::vector<DrawKey> keys;
    for (size_t i = 0; i < pictures.size(); ++i) {
      chunks.push_back({&features[i], pictures[i].document.patches});
      slots.push_back(static_cast<int64_t>(i));
      keys.push_back({static_cast<uint64_t>(pictures[i].number), 0, 0});
    }
    std::vector<std::string> texts;
    for (const auto& ids : generate_text(
             cache, slots, cache.append(slots, chunks), keys, text_options_))
      texts.push_back(text_.decode(ids));
    return texts;
  }

  std::string line(const std::string& path, const std::string& text) const {
    if (!options_.json)
      return on_one_line(path) + '\t' + on_one_line(text) + '\n';
    return nlohmann::json{{"image", path}, {"caption", text}}.dump() + '\n';
  }

  const CaptionOptions& options_;
  const std::vector<std::string>& paths_;
  Model model_;
  TextEncoder text_;
  Resize resize_;
  TextOptions text_options_;
  std::vector<int32_t> prompt_;
};

}  // namespace

ExitStatus caption(const CaptionOptions& options, cli::Context& context) {
  const Captioner captioner(options, context);
  const int64_t pictures = std::ssize(context.common.inputs);
  cli::BadRecords bad_pictures(context.common.skip_bad,
                               cli::BadRecords::Kind::file);
  cli::Progress progress("caption", "pictures", pictures);
  const auto take = [&](const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      if (line.error) {
        bad_pictures.tolerate(line.error);
      } else {
        std::cout << line.value;
      }
      progress.add();
    }
    std::cout << std::flush;
  };
  OrderedJobs jobs(context.common.threads);
  for (int64_t first = 0; first < pictures; first += options.batch) {
    const int64_t last = std::min(first + options.batch, pictures);
    jobs.add([&captioner, &take, first, last](int64_t) {
      at::set_num_threads(1);  // batches are what the threads work on
      return [&take, lines = captioner.lines(first, last)] { take(lines); };
    });
  }
  jobs.finish();
  cli::report_counts({{"read", pictures},
                      {"written", pictures - bad_pictures.skipped()},
                      {"skipped", bad_pictures.skipped()}});
  return ExitStatus::done;
}

}  // namespace gato

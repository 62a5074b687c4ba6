#include "gato/commands/rollout_caption.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/error.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/base/signals.h"
#include "gato/cli/terminal_progress.h"
#include "gato/commands/token_options.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/model/kv_cache.h"
#include "gato/model/model_directory.h"
#include "gato/model/token_sampler.h"
#include "gato/rollout/task_match.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::commands {
namespace {

// A tab or a line end would break the table.
std::string replace_line_breaks(std::string text) {
  for (char& c : text)
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  return text;
}

// A picture's line, or why there is none.
using CaptionLine = base::Expected<std::string>;

class Captioner {
 public:
  Captioner(const CaptionCommandOptions& options,
            const cli::CommandContext& context)
      : options_(options),
        paths_(context.common.inputs),
        model_(model::load_model(options.model)),
        text_encoder_(sentencepiece_model(model_)),
        resize_(options.resize
                    ? parse_resize(*options.resize)
                    : recorded_caption_resize(model_.network->config().tasks)) {
    generation_options_.sampling = {options.temperature.value_or(1),
                                    !options.temperature, context.common.seed};
    generation_options_.end_of_text = text_encoder_.eos_id();
    generation_options_.max_tokens = options.max_tokens;
    text_encoder_.encode(options.prompt_text, prompt_);
  }

  // Of pictures [first, last).
  std::vector<CaptionLine> caption_lines(int64_t first, int64_t last) const {
    std::vector<CaptionLine> lines(static_cast<size_t>(last - first));
    std::vector<EncodedImage> images;
    for (int64_t i = first; i < last; ++i) {
      auto document = base::try_call([&] { return encode(paths_[i]); });
      lines[i - first].error = document.error;
      if (!document.error) images.push_back({i, std::move(document.value)});
    }
    const std::vector<std::string> texts = generate(images);
    for (size_t i = 0; i < images.size(); ++i) {
      const int64_t index = images[i].index;
      lines[index - first].value = format_line(paths_[index], texts[i]);
    }
    return lines;
  }

 private:
  struct EncodedImage {
    int64_t index;
    data::TokenizedDocument document;
  };

  static std::string sentencepiece_model(const model::LoadedModel& model) {
    const data::Vocabulary& vocabulary = model.network->config().vocabulary;
    if (vocabulary.sentencepiece_model.empty())
      throw base::input_error(
          "{} has no tokenizer.model, without which it cannot "
          "write text",
          model.directory.string());
    return vocabulary.sentencepiece_model;
  }

  // Captions are the tasks without actions; the first that resized its pictures
  // decides.
  static tokenize::Resize recorded_caption_resize(
      const data::TaskTable& tasks) {
    for (const data::TaskEntry& entry : tasks.tasks)
      if (entry.spec.action_fields.empty() && entry.image_height > 0)
        return rollout::recorded_resize(entry);
    return {};
  }

  static data::Image read_input(const std::string& path) {
    const base::ScopedExitOnSignal ends_on_stop;  // a pipe may keep it waiting
    return ingest::read_image(path);
  }

  // The picture and the text to begin with: what stood before the caption in
  // training.
  data::TokenizedDocument encode(const std::string& path) const {
    const data::Image image = read_input(path);
    data::TokenizedDocument document;
    base::with_context(path, [&] {
      tokenize::encode_image(tokenize::resize_by_area(image, resize_),
                             document);
    });
    document.modality.resize(document.tokens.size(), data::Modality::patch);
    document.tokens.insert(document.tokens.end(), prompt_.begin(),
                           prompt_.end());
    document.modality.resize(document.tokens.size(), data::Modality::text);
    const int64_t size = std::ssize(document.tokens);
    document.step_offset = {0, size};
    if (size > model_.network->config().context)
      throw base::input_error(
          "{}: {} tokens do not fit the network's context of {}; make the "
          "picture smaller with --resize",
          path, size, model_.network->config().context);
    return document;
  }

  std::vector<std::string> generate(
      const std::vector<EncodedImage>& images) const {
    if (images.empty()) return {};
    const at::NoGradGuard no_gradients;
    model::KvCache cache(*model_.network, std::ssize(images));
    std::vector<data::TokenFeatures> features;
    for (const auto& [number, document] : images)
      features.push_back(
          data::make_token_features(document, 0, std::ssize(document.tokens)));
    std::vector<model::TokenChunk> chunks;
    std::vector<int64_t> slots;
    std::vector<model::SampleKey> keys;
    for (size_t i = 0; i < images.size(); ++i) {
      chunks.push_back({&features[i], images[i].document.patches});
      slots.push_back(static_cast<int64_t>(i));
      keys.push_back({static_cast<uint64_t>(images[i].index), 0, 0});
    }
    std::vector<std::string> texts;
    for (const auto& ids :
         model::generate_text(cache, slots, cache.append(slots, chunks), keys,
                              generation_options_))
      texts.push_back(text_encoder_.decode(ids));
    return texts;
  }

  std::string format_line(const std::string& path,
                          const std::string& text) const {
    if (!options_.json)
      return replace_line_breaks(path) + '\t' + replace_line_breaks(text) +
             '\n';
    return nlohmann::json{{"image", path}, {"caption", text}}.dump() + '\n';
  }

  const CaptionCommandOptions& options_;
  const std::vector<std::string>& paths_;
  model::LoadedModel model_;
  tokenize::TextEncoder text_encoder_;
  tokenize::Resize resize_;
  model::TextGenerationOptions generation_options_;
  std::vector<int32_t> prompt_;
};

}  // namespace

base::ExitStatus run_caption(const CaptionCommandOptions& options,
                             cli::CommandContext& context) {
  const Captioner captioner(options, context);
  const int64_t image_count = std::ssize(context.common.inputs);
  base::BadRecordPolicy bad_images(context.common.skip_bad,
                                   base::BadRecordPolicy::Kind::file);
  cli::Progress progress("caption", "pictures", image_count);
  const auto write_lines = [&](const std::vector<CaptionLine>& lines) {
    for (const CaptionLine& line : lines) {
      if (line.error) {
        bad_images.skip_or_rethrow(line.error);
      } else {
        std::cout << line.value;
      }
      progress.advance();
    }
    std::cout << std::flush;
  };
  base::OrderedThreadPool jobs(context.common.threads);
  for (int64_t first = 0; first < image_count; first += options.batch_size) {
    const int64_t last = std::min(first + options.batch_size, image_count);
    jobs.submit([&captioner, &write_lines, first, last](int64_t) {
      at::set_num_threads(1);  // batches are what the threads work on
      return [&write_lines, lines = captioner.caption_lines(first, last)] {
        write_lines(lines);
      };
    });
  }
  jobs.wait_all();
  cli::log_counts({{"read", image_count},
                   {"written", image_count - bad_images.skipped()},
                   {"skipped", bad_images.skipped()}});
  return base::ExitStatus::success;
}

namespace {

cli::CommandFunction build_caption_command(cli::OptionTable& table) {
  auto options = std::make_shared<CaptionCommandOptions>();
  table.add("model", &options->model, "Model directory, or a run of gato-train")
      .metavar("DIR")
      .required();
  table
      .add("temperature", &options->temperature,
           "Sample at this temperature (the paper: 0.9); without it the "
           "likeliest token is taken")
      .metavar("T")
      .range(1e-6, 1e6);
  table.add("max-tokens", &options->max_tokens, "Longest caption")
      .metavar("N")
      .range(1, 65536);
  table
      .add("prompt-text", &options->prompt_text,
           "Text after the picture that the model continues")
      .metavar("TEXT");
  table
      .add("resize", &options->resize,
           "Size that pictures were given when the training data was "
           "tokenized; default: what the model recorded")
      .metavar("HxW");
  table.add("batch", &options->batch_size, "Pictures in one forward pass")
      .metavar("N")
      .range(1, 65536);
  table.add("json", &options->json,
            "Write a JSON object a line: {\"image\", \"caption\"}");
  return [options](cli::CommandContext& context) {
    return run_caption(*options, context);
  };
}

}  // namespace

cli::Command rollout_caption_command() {
  cli::Command command;
  command.name = "caption";
  command.summary = "Write captions of pictures";
  command.description =
      "Writes one line a picture to stdout: its path, a tab and the caption. "
      "The caption ends where the model ends it, or after --max-tokens tokens. "
      "A picture that is left out (--skip-bad) has no line.";
  command.operands = "IMAGE...";
  command.min_operands = 1;
  command.has_skip_bad = true;
  command.build = build_caption_command;
  command.examples = {{"gato-rollout caption --model run pictures/*.png",
                       "captions of some pictures"}};
  return command;
}

}  // namespace gato::commands

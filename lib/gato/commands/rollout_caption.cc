// Batches of images are jobs of an ordered thread pool, so that lines appear in
// the order of the operands, each batch as soon as those before it are done.
#include "gato/commands/rollout_caption.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/cli/logging.h"
#include "gato/model/model_directory.h"
#include "gato/rollout/caption_generator.h"

namespace gato::commands {
namespace {

// Tabs and line breaks would end a column or a line of the output.
std::string replace_line_breaks(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') {
      c = ' ';
    }
  }
  return text;
}

std::string format_line(const std::string& path, const std::string& caption,
                        bool as_json) {
  if (as_json) {
    // Paths are arbitrary bytes, but JSON must be valid UTF-8.
    return nlohmann::json{{"image", path}, {"caption", caption}}.dump(
               -1, ' ', false, nlohmann::json::error_handler_t::replace) +
           '\n';
  }
  return replace_line_breaks(path) + '\t' + replace_line_breaks(caption) + '\n';
}

rollout::CaptionGenerator make_generator(const RolloutCaptionOptions& options,
                                         uint64_t seed) {
  rollout::CaptionGeneratorOptions generator;
  generator.sampling = {options.temperature.value_or(1), !options.temperature,
                        seed};
  generator.max_tokens = options.max_tokens;
  generator.prompt_text = options.prompt_text;
  if (options.resize) {
    generator.resize = data::parse_resize(*options.resize, "option --resize");
  }
  return {load_model_for_decoding(options.model, options.decoding), generator};
}

}  // namespace

base::ExitStatus run_rollout_caption(const RolloutCaptionOptions& options,
                                     cli::CommandContext& context) {
  const rollout::CaptionGenerator generator =
      make_generator(options, context.common.seed);
  const std::span<const std::string> paths = context.common.inputs;
  const int64_t image_count = std::ssize(paths);
  base::BadRecordPolicy bad_images(context.common.skip_bad,
                                   base::BadRecordPolicy::Kind::file);
  base::Progress progress(&context.progress, "caption", "images", image_count);
  const auto write_lines =
      [&](int64_t first,
          const std::vector<base::Expected<std::string>>& captions) {
        for (size_t i = 0; i < captions.size(); ++i) {
          if (captions[i].error) {
            bad_images.skip_or_rethrow(captions[i].error);
          } else {
            std::cout << format_line(paths[first + i], captions[i].value,
                                     options.json);
          }
          progress.advance();
        }
        std::cout << std::flush;
      };
  base::OrderedThreadPool jobs(context.common.threads);
  for (int64_t first = 0; first < image_count; first += options.batch_size) {
    const int64_t size = std::min(options.batch_size, image_count - first);
    jobs.submit([&, first, size](int64_t) {
      at::set_num_threads(1);  // threads work on batches, not within one
      return
          [&write_lines, first,
           captions = generator.generate(paths.subspan(first, size), first)] {
            write_lines(first, captions);
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
  auto options = std::make_shared<RolloutCaptionOptions>();
  table
      .add("model", &options->model,
           "Model directory, or a run directory of gato-train")
      .metavar("DIR")
      .required();
  table
      .add("temperature", &options->temperature,
           "Sample tokens at this temperature; the paper's is 0.9")
      .metavar("T")
      .range(1e-6, 1e6)
      .default_is("greedy, the most likely token");
  table
      .add("max-tokens", &options->max_tokens,
           "Maximum number of tokens per caption")
      .metavar("N")
      .range(1, 65536);
  table
      .add("prompt-text", &options->prompt_text,
           "Text placed after the image; the caption continues it")
      .metavar("TEXT");
  table
      .add("resize", &options->resize,
           "Resize images to the size that they had in training")
      .metavar("HxW")
      .default_is("the size that the model recorded");
  add_decoding_options(table, options->decoding);
  table
      .add("batch", &options->batch_size,
           "Maximum number of images per forward pass")
      .metavar("N")
      .range(1, 65536);
  table.add("json", &options->json,
            "Write one JSON object per line: {\"image\", \"caption\"}");
  return [options](cli::CommandContext& context) {
    return run_rollout_caption(*options, context);
  };
}

}  // namespace

cli::Command rollout_caption_command() {
  cli::Command command;
  command.name = "caption";
  command.summary = "generate captions for images";
  command.description =
      "Writes one line per image to standard output: its path, a tab and the "
      "caption. A caption ends when the model emits </s>, or after "
      "--max-tokens tokens. An image that is skipped (--skip-bad) has no line.";
  command.seed_help =
      "Random seed of --temperature; the same seed, inputs and options give "
      "the same captions";
  command.operands = "IMAGE...";
  command.min_operands = 1;
  command.has_skip_bad = true;
  command.build = build_caption_command;
  command.examples = {{"gato-rollout caption --model run images/*.png",
                       "Caption a set of images"}};
  return command;
}

}  // namespace gato::commands

// Batches of requests are jobs of an ordered thread pool, so that lines appear
// in the order of the requests. A batch takes the requests that are there: if
// the next one has yet to be written by another program, that program may wait
// for the lines of those before it.
#include "gato/commands/rollout/image_text_run.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/cli/logging.h"
#include "gato/cli/standard_output.h"

namespace gato::commands {
namespace {

using Batch = std::vector<ImageTextRequest>;
using Results = std::vector<base::Expected<rollout::ImageTexts>>;

// Tabs and line breaks would end a column or a line of the output.
std::string replace_line_breaks(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return line;
}

class ImageTextRun {
 public:
  ImageTextRun(const ImageTextRunOptions& options, const std::string& text_key,
               ImageTextRequests& requests, cli::CommandContext& context)
      : options_(options),
        text_key_(text_key),
        requests_(requests),
        threads_(context.common.threads),
        is_streaming_(cli::is_stdout_terminal() && !options.json),
        model_(load_text_model(options.generation)),
        generator_(model_, {make_sampling_options(options.generation,
                                                  context.common.seed,
                                                  options.samples > 1),
                            options.generation.max_tokens, options.samples,
                            is_streaming_ ? 1 : options.batch_size,
                            options.excluded_beginnings}),
        bad_records_(context.common.skip_bad,
                     base::BadRecordPolicy::Kind::file),
        progress_(is_streaming_ ? nullptr : &context.progress, text_key,
                  "images", requests.size()) {}

  void run() {
    // Threads work on batches, not within one, unless there is only one job at
    // a time.
    const bool is_parallel =
        !is_streaming_ && model_.network().device().is_cpu();
    base::OrderedThreadPool jobs(is_parallel ? threads_ : 1);
    for (Batch batch = next_batch(); !batch.empty(); batch = next_batch()) {
      jobs.submit([this, is_parallel, batch = std::move(batch)](int64_t) {
        at::set_num_threads(is_parallel ? 1 : static_cast<int>(threads_));
        return
            [this, batch, results = generate(batch)] { write(batch, results); };
      });
      if (!requests_.is_ready()) {
        jobs.wait_all();
      }
    }
    jobs.wait_all();
    cli::log_counts({{"read", count_},
                     {"written", count_ - bad_records_.skipped()},
                     {"skipped", bad_records_.skipped()}});
  }

 private:
  // Returns requests that are there, or blocks until there is one; empty at the
  // end.
  Batch next_batch() {
    const int64_t max_size =
        is_streaming_
            ? 1
            : std::max<int64_t>(1, options_.batch_size / options_.samples);
    Batch batch;
    while (std::ssize(batch) < max_size &&
           (batch.empty() || requests_.is_ready())) {
      std::optional<ImageTextRequest> request = requests_.next();
      if (!request) {
        break;
      }
      request->prompt.number = static_cast<uint64_t>(count_++);
      batch.push_back(std::move(*request));
    }
    return batch;
  }

  Results generate(const Batch& batch) {
    std::vector<rollout::ImagePrompt> prompts;
    std::vector<size_t> indices;  // of the prompts in the batch
    Results results(batch.size());
    for (size_t i = 0; i < batch.size(); ++i) {
      results[i].error = batch[i].error;
      if (!batch[i].error) {
        prompts.push_back(batch[i].prompt);
        indices.push_back(i);
      }
    }
    rollout::ImageTextCallback on_text;
    if (is_streaming_) {
      on_text = [this, &batch](size_t, int64_t sample, std::string_view part) {
        print_part(batch.front().prompt.image, sample, part);
      };
    }
    Results texts = generator_.generate(prompts, on_text);
    for (size_t i = 0; i < texts.size(); ++i) {
      results[indices[i]] = std::move(texts[i]);
    }
    return results;
  }

  void print_part(const std::string& image, int64_t sample,
                  std::string_view part) {
    begin_line(image, sample);
    std::cout << replace_line_breaks(part) << std::flush;
  }

  // Begins the line of a sample, after those of the samples before it, which
  // are empty if they have not been begun yet.
  void begin_line(const std::string& image, int64_t sample) {
    for (; begun_lines_ <= sample; ++begun_lines_) {
      std::cout << (begun_lines_ > 0 ? "\n" : "") << replace_line_breaks(image)
                << '\t';
    }
  }

  void finish_lines(const std::string& image) {
    begin_line(image, options_.samples - 1);
    std::cout << '\n';
    begun_lines_ = 0;
  }

  void write(const Batch& batch, const Results& results) {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (results[i].error) {
        bad_records_.skip_or_rethrow(results[i].error);
      } else if (is_streaming_) {
        finish_lines(batch[i].prompt.image);
      } else {
        write_lines(batch[i], results[i].value);
      }
      progress_.advance();
    }
    std::cout << std::flush;
  }

  void write_lines(const ImageTextRequest& request,
                   const rollout::ImageTexts& texts) const {
    for (size_t sample = 0; sample < texts.size(); ++sample) {
      nlohmann::ordered_json line = request.fields;
      line[text_key_] = texts[sample];
      if (texts.size() > 1) {
        line["sample"] = sample;
      }
      // Paths are arbitrary bytes, but JSON must be valid UTF-8.
      std::cout << line.dump(-1, ' ', false,
                             nlohmann::ordered_json::error_handler_t::replace)
                << '\n';
    }
  }

  const ImageTextRunOptions& options_;
  const std::string& text_key_;
  ImageTextRequests& requests_;
  const int64_t threads_;
  const bool is_streaming_;
  const rollout::TextModel model_;
  const rollout::ImageTextGenerator generator_;
  base::BadRecordPolicy bad_records_;
  base::Progress progress_;
  int64_t count_ = 0;        // of requests
  int64_t begun_lines_ = 0;  // of the current request, on a terminal
};

}  // namespace

OperandRequests::OperandRequests(
    std::span<const std::string> images,
    std::function<ImageTextRequest(const std::string& image)> make_request)
    : images_(images), make_request_(std::move(make_request)) {}

std::optional<ImageTextRequest> OperandRequests::next() {
  if (next_ == images_.size()) {
    return std::nullopt;
  }
  return make_request_(images_[next_++]);
}

void add_image_text_run_options(cli::OptionTable& table,
                                ImageTextRunOptions& options,
                                const std::string& unit) {
  add_generation_options(table, options.generation, unit);
  table
      .add("samples", &options.samples,
           "Number of texts per image or question. If it is greater than 1, "
           "each line also has the key sample, the number of its text, "
           "starting at 0")
      .metavar("N")
      .range(1, 65536);
  table
      .add("batch", &options.batch_size,
           "Maximum number of texts per forward pass; on a terminal, texts are "
           "written one at a time")
      .metavar("N")
      .range(1, 65536);
  table.add("json", &options.json,
            "Write JSON lines even on a terminal, instead of plain text");
}

base::ExitStatus run_image_texts(const ImageTextRunOptions& options,
                                 const std::string& text_key,
                                 ImageTextRequests& requests,
                                 cli::CommandContext& context) {
  ImageTextRun(options, text_key, requests, context).run();
  return base::ExitStatus::success;
}

}  // namespace gato::commands

// Questions about the operands, or those in JSON lines on stdin. The prompt is
// the text that gato-tokenize vqa writes before an answer.
#include "gato/commands/rollout/rollout_answer.h"

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/commands/rollout/image_text_run.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/input_lines.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/vqa.h"
#include "gato/ingest/utf8.h"

namespace gato::commands {
namespace {

struct RolloutAnswerOptions {
  ImageTextRunOptions run;
  std::optional<std::string> question;
};

ImageTextRequest make_request(const std::string& image,
                              const std::string& question) {
  return {{image, ingest::vqa_prompt(question)},
          {{"image", image}, {"question", question}},
          nullptr};
}

// The lines {"image", "question"} of the standard input. Blank lines are left
// out.
class InputRequests : public ImageTextRequests {
 public:
  std::optional<ImageTextRequest> next() override {
    std::string line;
    do {
      if (!lines_.read_line(line)) {
        return std::nullopt;
      }
    } while (ingest::is_blank(line));
    auto request = base::try_call([&] {
      return base::with_context(lines_.location(), [&] {
        nlohmann::json object = ingest::parse_json_object(line);
        const std::string image = ingest::take_string_at(object, "image");
        const std::string question = ingest::take_string_at(object, "question");
        if (ingest::is_blank(question)) {
          throw base::input_error("the question is empty");
        }
        return make_request(image, question);
      });
    });
    request.value.error = request.error;
    return std::move(request.value);
  }
  bool is_ready() override { return lines_.is_ready(); }
  int64_t size() const override { return 0; }

 private:
  ingest::InputLines lines_;
};

void check_question(const RolloutAnswerOptions& options) {
  if (!options.question) {
    return;
  }
  if (ingest::is_blank(*options.question)) {
    throw base::usage_error("--question: the question is empty");
  }
  if (ingest::find_invalid_utf8(*options.question)) {
    throw base::usage_error("--question: not UTF-8");
  }
}

base::ExitStatus run_answer(const RolloutAnswerOptions& options,
                            cli::CommandContext& context) {
  const std::span<const std::string> images = context.common.inputs;
  if (options.question && images.empty()) {
    throw base::usage_error(
        "--question: there is no image to ask about: name one, or write lines "
        "{{\"image\", \"question\"}} to standard input");
  }
  if (!options.question && !images.empty()) {
    throw base::usage_error(
        "{}: there is no question about it: pass --question", images.front());
  }
  if (options.question) {
    OperandRequests requests(images, [&](const std::string& image) {
      return make_request(image, *options.question);
    });
    return run_image_texts(options.run, "answer", requests, context);
  }
  InputRequests requests;
  return run_image_texts(options.run, "answer", requests, context);
}

cli::CommandFunction build_answer_command(cli::OptionTable& table) {
  auto options = std::make_shared<RolloutAnswerOptions>();
  add_image_text_run_options(table, options->run, "answer");
  table.add("question", &options->question, "The question about each image")
      .metavar("TEXT")
      .default_is("those on standard input");
  table.add_check([options] { check_question(*options); });
  return [options](cli::CommandContext& context) {
    return run_answer(*options, context);
  };
}

}  // namespace

cli::Command rollout_answer_command() {
  cli::Command command;
  command.name = "answer";
  command.summary = "answer questions about images";
  command.description =
      "Writes one line per question to standard output: a JSON object "
      "{\"image\", \"question\", \"answer\"} or, on a terminal, the path, a "
      "tab and the answer, whose tokens appear as they are generated. The "
      "questions are --question about each IMAGE or, if there is no IMAGE, "
      "lines of JSON {\"image\", \"question\"} on standard input, in which "
      "paths are relative to the working directory. A line is answered without "
      "waiting for the next one, so that another program can use the answer in "
      "its next question.\n\n"
      "The model reads the image and \"Q: <question> A:\", the form in which "
      "gato-tokenize vqa writes questions, and an answer ends when the model "
      "emits </s>, or after --max-tokens tokens. A question that is skipped "
      "(--skip-bad) has no line.";
  command.seed_help =
      "Random seed of the samples; the same seed, inputs and options give the "
      "same answers";
  command.operands = "IMAGE...";
  command.other_usages = {"<QUESTIONS.jsonl"};
  command.has_skip_bad = true;
  command.build = build_answer_command;
  command.examples = {
      {"gato-rollout answer --model run --question 'what color is the circle?' "
       "shapes.png",
       "Ask a question about an image"},
      {"gato-rollout answer --model run <questions.jsonl >answers.jsonl",
       "Answer many questions; gato-eval text scores the answers"}};
  return command;
}

}  // namespace gato::commands

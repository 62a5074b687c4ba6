// A loop over the lines of the standard input: turns, and commands that show an
// image or start a new dialogue. Each turn is answered before the next line is
// read.
#include "gato/commands/rollout/rollout_chat.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gato/base/bad_records.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/base/share_directory.h"
#include "gato/cli/logging.h"
#include "gato/cli/standard_output.h"
#include "gato/commands/rollout/generation_options.h"
#include "gato/data/json_fields.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/input_lines.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/dialogue.h"
#include "gato/ingest/utf8.h"
#include "gato/rollout/chat.h"

namespace gato::commands {
namespace {

struct RolloutChatOptions {
  GenerationOptions generation;
  std::optional<std::string> preamble, image;
  bool json = false;
};

// A line of the input: a turn, an image for the next turn, or the start of a
// new dialogue.
struct ChatLine {
  bool is_model = false;  // what the model said, not the user
  bool is_new = false;    // forgets what was said before
  std::string text{};
  std::string image{};  // path; empty if there is none
};

constexpr std::string_view kImageCommand = "/image ", kNewCommand = "/new";

ChatLine parse_plain_line(const std::string& line) {
  ingest::require_utf8(line, 0);
  if (line.starts_with(kImageCommand)) {
    return {.image = line.substr(kImageCommand.size())};
  }
  if (line == kNewCommand) {
    return {.is_new = true};
  }
  return {.text = line};
}

ChatLine parse_json_line(const std::string& line) {
  nlohmann::json object = ingest::parse_json_object(line);
  const std::string role = ingest::take_string_at(object, "role");
  if (role != "user" && role != "model") {
    throw base::input_error("key 'role' is '{}', not user or model", role);
  }
  ChatLine result{.is_model = role == "model",
                  .text = ingest::take_string_at(object, "text")};
  result.is_new = data::bool_or(object, "new", false);
  if (ingest::has_string(object, "image")) {
    result.image = ingest::take_string_at(object, "image");
  } else if (result.text.starts_with(kImageCommand)) {
    return {.image = result.text.substr(kImageCommand.size())};
  } else if (result.text == kNewCommand) {
    return {.is_new = true};
  }
  if (ingest::is_blank(result.text)) {
    throw base::input_error("the turn is empty");
  }
  return result;
}

class ChatRun {
 public:
  ChatRun(const RolloutChatOptions& options, cli::CommandContext& context)
      : options_(options),
        is_interactive_(isatty(STDIN_FILENO) != 0),
        is_streaming_(cli::is_stdout_terminal() && !options.json),
        model_(load_text_model(options.generation)),
        chat_(model_, make_chat_options(context.common.seed)),
        // A person at the keyboard can say it again.
        bad_lines_(is_interactive_ ? std::numeric_limits<int64_t>::max()
                                   : context.common.skip_bad,
                   base::BadRecordPolicy::Kind::file) {
    if (options.image) {
      add_image(*options.image);
    }
  }

  void run() {
    std::string line;
    while (read_line(line)) {
      if (ingest::is_blank(line)) {
        continue;
      }
      ++lines_read_;
      const auto done = base::try_call([&] {
        base::with_context(lines_.location(), [&] { process(line); });
        return true;
      });
      if (done.error) {
        bad_lines_.skip_or_rethrow(done.error);
      }
    }
    if (is_interactive_ && is_streaming_) {
      std::cout << '\n';
    }
    cli::log_counts({{"read", lines_read_},
                     {"replies", replies_},
                     {"skipped", bad_lines_.skipped()}});
  }

 private:
  rollout::ChatOptions make_chat_options(uint64_t seed) const {
    return {make_sampling_options(options_.generation, seed,
                                  /*is_sampled=*/false),
            options_.generation.max_tokens, load_preamble()};
  }

  // Returns the preamble of --preamble. The default one is omitted, with a
  // warning, if it leaves too little of a small context.
  data::TokenRow load_preamble() const {
    if (options_.preamble == "none") {
      return {};
    }
    const std::string path =
        options_.preamble
            ? *options_.preamble
            : (base::share_directory() / "chat/preamble.txt").string();
    const data::TokenRow preamble = base::with_context(path, [&] {
      std::string text = base::read_file(path);
      ingest::require_utf8(text, 0);
      return rollout::encode_preamble(model_, std::move(text));
    });
    const int64_t context = model_.network().config().context;
    if (!options_.preamble && 2 * preamble.size() > context) {
      spdlog::warn(
          "the default preamble has {} tokens, more than half of the model's "
          "context of {}: chatting without a preamble (--preamble none)",
          preamble.size(), context);
      return {};
    }
    return preamble;
  }

  bool read_line(std::string& line) {
    if (is_interactive_ && is_streaming_) {
      std::cout << "User: " << std::flush;
    }
    return lines_.read_line(line);
  }

  void process(const std::string& line) {
    const ChatLine parsed =
        options_.json ? parse_json_line(line) : parse_plain_line(line);
    if (parsed.is_new) {
      chat_.start_over();
      images_ = {};
    }
    if (parsed.is_model) {
      chat_.set_reply(parsed.text);
      return;
    }
    if (!parsed.image.empty()) {
      add_image(parsed.image);
    }
    if (!parsed.text.empty()) {
      reply(parsed.text);
    }
  }

  void add_image(const std::string& path) {
    const data::TokenRow patches = model_.encode_image(path);
    images_.append(patches, 0, patches.size());
  }

  void reply(const std::string& text) {
    const auto images = std::exchange(images_, {});
    if (is_streaming_) {
      std::cout << ingest::kModelName << " " << std::flush;
      chat_.reply(images, text, [](std::string_view part) {
        std::cout << one_line(part) << std::flush;
      });
      std::cout << std::endl;
    } else {
      const std::string reply = chat_.reply(images, text);
      std::cout << (options_.json ? nlohmann::ordered_json{{"role", "model"},
                                                           {"text", reply}}
                                        .dump()
                                  : one_line(reply))
                << std::endl;
    }
    ++replies_;
  }

  // A reply is one line.
  static std::string one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(
        line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
  }

  const RolloutChatOptions& options_;
  const bool is_interactive_, is_streaming_;
  const rollout::TextModel model_;
  rollout::Chat chat_;
  ingest::InputLines lines_;
  base::BadRecordPolicy bad_lines_;
  data::TokenRow images_;  // of the next turn
  int64_t lines_read_ = 0, replies_ = 0;
};

cli::CommandFunction build_chat_command(cli::OptionTable& table) {
  auto options = std::make_shared<RolloutChatOptions>();
  add_generation_options(table, options->generation, "reply");
  table
      .add("preamble", &options->preamble,
           "Text that precedes the dialogue and always stays in the context, "
           "or none")
      .metavar("FILE|none")
      .default_is(
          "share/gato/chat/preamble.txt, if the model's context is at least "
          "twice as long");
  table
      .add("image", &options->image,
           "Show an image with the first turn, as /image does")
      .metavar("FILE");
  table.add("json", &options->json,
            "Read and write JSON lines {\"role\", \"text\"}");
  return [options](cli::CommandContext& context) {
    at::set_num_threads(static_cast<int>(context.common.threads));
    ChatRun(*options, context).run();
    return base::ExitStatus::success;
  };
}

}  // namespace

cli::Command rollout_chat_command() {
  cli::Command command;
  command.name = "chat";
  command.summary = "hold a dialogue with a model";
  command.description =
      "Reads turns from standard input, one per line, and writes a reply to "
      "each of them, one per line, to standard output. On a terminal, the "
      "tokens of a reply appear as they are generated. A reply ends when the "
      "model emits </s>, or after --max-tokens tokens. Blank lines are "
      "ignored.\n\n"
      "A line \"/image FILE\" shows an image to the model. It precedes the "
      "text of the next turn, and there is no reply to the line itself. A line "
      "\"/new\" starts a new dialogue: the model forgets all turns and images. "
      "A network that was trained on documents with one image each needs this "
      "before the next image.\n\n"
      "With --json, a turn is a line {\"role\": \"user\", \"text\": TEXT}, "
      "which may also have \"image\": FILE and, to start a new dialogue, "
      "\"new\": true, and a reply is a line {\"role\": \"model\", \"text\": "
      "TEXT}. In the input, a line of the role \"model\" takes the place of "
      "the model's own reply to the turn before it, so that a recorded "
      "dialogue can be continued.\n\n"
      "The model reads the preamble, and then the turns in the format of "
      "dialogues (gato-formats(5)): \"User: TEXT\", \"Gato:\" and the reply, "
      "which ends with </s>. If its context is full, the oldest turns are "
      "dropped, each with its reply and images; the preamble stays. Turns that "
      "are still in the context are not read again.\n\n"
      "A turn that does not fit in the context, an image that cannot be read, "
      "or a line that is not UTF-8 ends the program, unless --skip-bad allows "
      "it to be skipped. On a terminal, such lines are reported and skipped.";
  command.seed_help =
      "Random seed of the samples; the same seed, turns and options give the "
      "same replies";
  command.has_skip_bad = true;
  command.build = build_chat_command;
  command.examples = {
      {"gato-rollout chat --model run --preamble none --image shapes.png",
       "Chat about an image"},
      {"gato-rollout chat --model run --json <turns.jsonl >replies.jsonl",
       "Replies to recorded turns"}};
  return command;
}

}  // namespace gato::commands

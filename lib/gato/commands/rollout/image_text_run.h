// Runs the commands that write texts about images, caption and answer.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gato/cli/tool.h"
#include "gato/commands/rollout/generation_options.h"
#include "gato/rollout/image_text_generator.h"

namespace gato::commands {

struct ImageTextRunOptions {
  GenerationOptions generation;
  int64_t batch_size = 16, samples = 1;
  bool json = false;
  std::vector<std::string> excluded_beginnings = {};  // see ImageTextOptions
};

// Adds the options; `unit` is as in add_generation_options().
void add_image_text_run_options(cli::OptionTable& table,
                                ImageTextRunOptions& options,
                                const std::string& unit);

// A text to generate.
struct ImageTextRequest {
  rollout::ImagePrompt prompt;
  nlohmann::ordered_json fields;  // of its line, before the text
  std::exception_ptr error;       // of its record, instead of the other members
};

class ImageTextRequests {
 public:
  virtual ~ImageTextRequests() = default;
  // Returns the next request, or nullopt at the end.
  virtual std::optional<ImageTextRequest> next() = 0;
  // Returns whether next() would return at once.
  virtual bool is_ready() = 0;
  // Returns the number of requests, or 0 if it is not known.
  virtual int64_t size() const = 0;
};

// One request per operand.
class OperandRequests : public ImageTextRequests {
 public:
  // `make_request` returns the request about an image. `images` must outlive
  // the object.
  OperandRequests(
      std::span<const std::string> images,
      std::function<ImageTextRequest(const std::string& image)> make_request);
  std::optional<ImageTextRequest> next() override;
  bool is_ready() override { return true; }
  int64_t size() const override { return std::ssize(images_); }

 private:
  std::span<const std::string> images_;
  std::function<ImageTextRequest(const std::string&)> make_request_;
  size_t next_ = 0;
};

// Writes lines to stdout, in the order of the requests: JSON objects with the
// fields of the request and the text under the key `text_key`, or, on a
// terminal without --json, the image and the text, token by token. A request
// that fails is skipped if --skip-bad tolerates it. Otherwise it ends the run,
// after the lines of the requests before it.
base::ExitStatus run_image_texts(const ImageTextRunOptions& options,
                                 const std::string& text_key,
                                 ImageTextRequests& requests,
                                 cli::CommandContext& context);

}  // namespace gato::commands

// An environment in a child process that speaks the protocol of
// share/gato/envs/README.md over its stdin and stdout.
//
// Failures are of three kinds. An error reply or invalid values fail the
// episode (EnvironmentError), and the child stays. A child that ends or hangs
// (ProcessError) fails the episode, too (EnvironmentLostError), and the next
// reset starts it again.
// Anything else that is not a reply (ProtocolError) and any failure at "hello"
// end the run (base::Error), since they would only repeat.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/share_directory.h"
#include "gato/base/string_util.h"
#include "gato/env/child_process.h"
#include "gato/env/environment.h"
#include "gato/env/protocol.h"
#include "gato/env/protocol_spec.h"

namespace gato::env {
namespace {

using nlohmann::json;

constexpr size_t kMaxLineBytes = size_t{1} << 24;

// Returns the variables that the child gets in addition to this process's:
// PYTHONPATH with the directory of gato_environment as its last entry.
std::vector<std::string> child_variables() {
  std::filesystem::path folder;
  try {
    folder = std::filesystem::absolute(base::share_directory() / "envs");
  } catch (const base::Error&) {
    return {};  // the command may not need it
  }
  const char* inherited = std::getenv("PYTHONPATH");
  const std::string front = inherited != nullptr && *inherited != '\0'
                                ? inherited + std::string(":")
                                : "";
  return {"PYTHONPATH=" + front + folder.string()};
}

class ExternalEnvironment : public Environment {
 public:
  ExternalEnvironment(std::string command,
                      const ExternalEnvironmentOptions& options)
      : command_(std::move(command)), options_(options) {
    spec_reply_ = start_child();
  }

  ~ExternalEnvironment() override {
    if (!process_) {
      return;
    }
    try {
      process_->write(json{{"type", "close"}}.dump() + "\n",
                      ChildProcess::Clock::now() + std::chrono::seconds(1));
    } catch (const std::exception&) {
      // The child has ended already, or this process was asked to stop. Either
      // way ~ChildProcess cleans up.
    }
  }

  const EnvironmentSpec& spec() const override { return spec_reply_.spec; }

  data::FieldValues reset(uint64_t seed) override {
    if (!process_) {
      restart_child();
    }
    const Message reply =
        call({{"type", "reset"}, {"seed", seed}}, {}, "observation");
    return with_error_context([&] {
      return decode_values(spec().task.observation_fields,
                           spec_reply_.observation_wire_order, reply);
    });
  }

  StepResult step(const data::FieldValues& action) override {
    const Message reply = call(
        {{"type", "step"}},
        encode_values(action, spec_reply_.action_wire_order), "observation");
    return with_error_context([&] {
      StepResult result = decode_step_result(reply.header);
      result.observation =
          decode_values(spec().task.observation_fields,
                        spec_reply_.observation_wire_order, reply);
      return result;
    });
  }

  data::FieldValues expert_action() override {
    const Message reply = call({{"type", "expert"}}, {}, "action");
    return with_error_context([&] {
      return decode_values(spec().task.action_fields,
                           spec_reply_.action_wire_order, reply);
    });
  }

  // A reply that breaks the protocol does not end the run, as it does
  // elsewhere: a renderer may print, and the run does not depend on its images.
  data::Image render() override {
    try {
      return decode_image(
          call_or_throw_protocol_error({{"type", "render"}}, {}, "image"));
    } catch (const ProtocolError& error) {
      throw EnvironmentLostError(
          with_command(fmt::format("at render: {}", error.what())));
    }
  }

 private:
  data::Image decode_image(const Message& reply) const {
    const auto shape = reply.header.value("shape", json());
    data::Image image;
    const bool is_valid_shape = shape.is_array() && shape.size() == 3 &&
                                shape[0].is_number_unsigned() &&
                                shape[1].is_number_unsigned() && shape[2] == 3;
    if (is_valid_shape) {
      image.height = static_cast<int>(shape[0].get<uint32_t>());
      image.width = static_cast<int>(shape[1].get<uint32_t>());
    }
    const double pixel_count = 1.0 * image.height * image.width;
    if (!is_valid_shape || pixel_count == 0 ||
        3 * pixel_count != static_cast<double>(reply.payload.size())) {
      throw EnvironmentError(with_command(fmt::format(
          "its image has the shape {} and {} bytes",
          base::quote_excerpt(shape.dump()), reply.payload.size())));
    }
    image.pixels.resize(reply.payload.size());
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = std::to_integer<uint8_t>(reply.payload[i]);
    }
    return image;
  }

  // Prefixes a message with the command, to identify one child among many.
  std::string with_command(const std::string& message) const {
    return fmt::format("environment '{}': {}", command_, message);
  }

  std::string failure_message(const std::string& request, double timeout,
                              const ProcessError& failure) const {
    return with_command(fmt::format("on request '{}' (timeout {:g} s), it {}",
                                    request, timeout, failure.what()));
  }

  // Calls `decode` and adds the command to its errors.
  template <class Decode>
  std::invoke_result_t<const Decode&> with_error_context(const Decode& decode) {
    try {
      return decode();
    } catch (const EnvironmentError& error) {
      throw EnvironmentError(with_command(error.what()));
    }
  }

  // Starts the child and says hello. Every failure here ends the run.
  SpecReply start_child() {
    process_ = std::make_unique<ChildProcess>(command_, child_variables());
    try {
      const Message reply =
          send_and_receive({{"type", "hello"}, {"version", 1}}, {}, "spec",
                           options_.hello_timeout);
      return complete_spec(parse_spec_reply(reply.header));
    } catch (const ProcessError& failure) {
      terminate_child();
      throw base::run_error(
          "{}", failure_message("hello", options_.hello_timeout, failure));
    } catch (const EnvironmentError& error) {
      terminate_child();
      throw base::run_error("{}", error.what());
    } catch (const ProtocolError& error) {
      terminate_child();
      throw base::run_error(
          "{}", with_command(fmt::format("at hello: {}", error.what())));
    }
  }

  // Adds what this process knows about the task and its settings.
  SpecReply complete_spec(SpecReply reply) const {
    data::TaskSpec& task = reply.spec.task;
    if (!options_.task_name.empty()) {
      task.name = task.environment = options_.task_name;
      task.domain = task.name.substr(0, task.name.find('/'));
    }
    task.settings.update(options_.settings);
    task.settings["command"] = command_;
    return reply;
  }

  void restart_child() {
    const SpecReply new_reply = start_child();
    if (new_reply.spec.task.observation_fields !=
            spec().task.observation_fields ||
        new_reply.spec.task.action_fields != spec().task.action_fields ||
        new_reply.observation_wire_order !=
            spec_reply_.observation_wire_order ||
        new_reply.action_wire_order != spec_reply_.action_wire_order) {
      throw base::run_error(
          "{}",
          with_command("after a restart it declares different observations "
                       "or actions"));
    }
  }

  // Calls call_or_throw_protocol_error(). An invalid reply ends the run.
  Message call(json header, const std::vector<std::byte>& payload,
               const char* type) {
    const std::string request = header["type"];
    try {
      return call_or_throw_protocol_error(std::move(header), payload, type);
    } catch (const ProtocolError& error) {
      throw base::run_error(
          "{}", with_command(fmt::format("at {}: {}", request, error.what())));
    }
  }

  // Sends a request within an episode and returns the reply of type `type`.
  // Throws ProtocolError if the reply is invalid.
  Message call_or_throw_protocol_error(json header,
                                       const std::vector<std::byte>& payload,
                                       const char* type) {
    if (!process_) {
      throw EnvironmentLostError(
          with_command("it has ended; call reset to start it again"));
    }
    const std::string request = header["type"];
    try {
      return send_and_receive(std::move(header), payload, type,
                              options_.step_timeout);
    } catch (const ProcessError& failure) {
      terminate_child();
      throw EnvironmentLostError(
          failure_message(request, options_.step_timeout, failure));
    } catch (const ProtocolError&) {
      terminate_child();
      throw;
    }
  }

  void terminate_child() {
    if (process_) {
      process_->skip_grace_period();
    }
    process_.reset();
  }

  // Sends a request and returns its reply of type `type`. Throws
  // EnvironmentError if the reply is an error; a fatal error also terminates
  // the child.
  Message send_and_receive(json header, const std::vector<std::byte>& payload,
                           const char* type, double timeout) {
    if (!payload.empty()) {
      header["bytes"] = payload.size();
    }
    const auto deadline =
        ChildProcess::Clock::now() +
        std::chrono::duration_cast<ChildProcess::Clock::duration>(
            std::chrono::duration<double>(timeout));
    std::string request = header.dump() + "\n";
    request.append(reinterpret_cast<const char*>(payload.data()),
                   payload.size());
    process_->write(request, deadline);

    Message reply;
    const std::string line = process_->read_line(kMaxLineBytes, deadline);
    reply.header = parse_header(line);
    reply.payload.resize(payload_size(reply.header));
    process_->read(reply.payload, deadline);
    if (reply.header["type"] == "error") {
      const auto message = reply.header.find("message");
      const auto fatal = reply.header.find("fatal");
      const std::string text = with_command(
          fmt::format("it answered {} with an error: {}", header["type"].dump(),
                      message != reply.header.end() && message->is_string()
                          ? message->get<std::string>()
                          : "(no message)"));
      if (fatal != reply.header.end() && *fatal == true) {
        terminate_child();
        throw EnvironmentLostError(text);
      }
      throw EnvironmentError(text);
    }
    if (reply.header["type"] != type) {
      throw ProtocolError(
          fmt::format("{} is not a reply to {}, which must be of type \"{}\"",
                      base::quote_excerpt(line), header["type"].dump(), type));
    }
    return reply;
  }

  const std::string command_;
  const ExternalEnvironmentOptions options_;
  SpecReply spec_reply_;
  std::unique_ptr<ChildProcess> process_;  // null after a failure
};

}  // namespace

std::unique_ptr<Environment> start_external_environment(
    const std::string& command, const ExternalEnvironmentOptions& options) {
  return std::make_unique<ExternalEnvironment>(command, options);
}

}  // namespace gato::env

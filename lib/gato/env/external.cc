// An environment behind a pipe: start_environment.
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/env/environment.h"
#include "gato/env/process.h"
#include "gato/env/protocol.h"

namespace gato {
namespace {

using nlohmann::json;

constexpr size_t kLongestLine = size_t{1} << 24;

class ExternalEnvironment : public Environment {
 private:
  // The child's command before a message, so that one of many is found.
  std::string named(const std::string& message) const {
    return fmt::format("environment '{}': {}", command_, message);
  }

  std::string failed(const std::string& request, double timeout,
                     const ProcessFailure& failure) const {
    return named(fmt::format("asked for '{}' and given {:g} s, it {}", request,
                             timeout, failure.what()));
  }

  template <class Work>
  auto explained(const Work& work) {
    try {
      return work();
    } catch (const EnvironmentError& error) {
      throw EnvironmentError(named(error.what()));
    }
  }

 public:
  ExternalEnvironment(std::string command, const ExternalOptions& options)
      : command_(std::move(command)), options_(options) {
    declaration_ = start();
  }

  ~ExternalEnvironment() override {
    if (!process_) return;
    try {
      process_->write(json{{"type", "close"}}.dump() + "\n",
                      Process::Clock::now() + std::chrono::seconds(1));
    } catch (const std::exception&) {
      // It has ended already, or this process is to stop: it is stopped next.
    }
  }

  const EnvironmentSpec& spec() const override { return declaration_.spec; }

  Values reset(uint64_t seed) override {
    if (!process_) restart();
    const Message reply =
        ask({{"type", "reset"}, {"seed", seed}}, {}, "observation");
    return explained([&] {
      return decode_values(spec().task.observation,
                           declaration_.observation_order, reply);
    });
  }

  StepResult step(const Values& action) override {
    const Message reply =
        ask({{"type", "step"}},
            encode_values(action, declaration_.action_order), "observation");
    return explained([&] {
      StepResult result = decode_outcome(reply.header);
      result.observation = decode_values(spec().task.observation,
                                         declaration_.observation_order, reply);
      return result;
    });
  }

  Values expert() override {
    const Message reply = ask({{"type", "expert"}}, {}, "action");
    return explained([&] {
      return decode_values(spec().task.action, declaration_.action_order,
                           reply);
    });
  }

  Image render() override {
    const Message reply = ask({{"type", "render"}}, {}, "image");
    const auto shape = reply.header.value("shape", json());
    Image image;
    const bool is_shape = shape.is_array() && shape.size() == 3 &&
                          shape[0].is_number_unsigned() &&
                          shape[1].is_number_unsigned() && shape[2] == 3;
    if (is_shape) {
      image.height = static_cast<int>(shape[0].get<uint32_t>());
      image.width = static_cast<int>(shape[1].get<uint32_t>());
    }
    const double pixels = 1.0 * image.height * image.width;
    if (!is_shape || 3 * pixels != static_cast<double>(reply.payload.size()))
      throw EnvironmentError(
          named(fmt::format("its picture has the shape {} and {} bytes",
                            quote(shape.dump()), reply.payload.size())));
    image.pixels.resize(reply.payload.size());
    for (size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = std::to_integer<uint8_t>(reply.payload[i]);
    return image;
  }

 private:
  // Whatever goes wrong here ends the run.
  Declaration start() {
    process_ = std::make_unique<Process>(command_);
    try {
      const Message reply = exchange({{"type", "hello"}, {"version", 1}}, {},
                                     "spec", options_.hello_timeout);
      return parse_declaration(reply.header);
    } catch (const ProcessFailure& failure) {
      stop_at_once();
      throw run_error("{}", failed("hello", options_.hello_timeout, failure));
    } catch (const EnvironmentError& error) {
      stop_at_once();
      throw run_error("{}", error.what());
    } catch (const ProtocolError& error) {
      stop_at_once();
      throw run_error("{}", named(fmt::format("at hello: {}", error.what())));
    }
  }

  void restart() {
    const Declaration again = start();
    if (again.spec.task.observation != spec().task.observation ||
        again.spec.task.action != spec().task.action ||
        again.observation_order != declaration_.observation_order ||
        again.action_order != declaration_.action_order)
      throw run_error("{}",
                      named("started again, it declares other observations or "
                            "actions than before"));
  }

  // A request within an episode. A child that ended or hangs is started again
  // at the next reset; one that writes anything but a reply ends the run.
  Message ask(json header, const std::vector<std::byte>& payload,
              const char* type) {
    if (!process_)
      throw EnvironmentError(named("it has ended; reset starts it again"));
    const std::string request = header["type"];
    try {
      return exchange(std::move(header), payload, type, options_.step_timeout);
    } catch (const ProcessFailure& failure) {
      stop_at_once();
      throw EnvironmentError(failed(request, options_.step_timeout, failure));
    } catch (const ProtocolError& error) {
      stop_at_once();
      throw run_error("{}",
                      named(fmt::format("at {}: {}", request, error.what())));
    }
  }

  void stop_at_once() {
    if (process_) process_->give_up();
    process_.reset();
  }

  // One request and its reply of the type `type`. EnvironmentError for an error
  // reply; a fatal one stops the child.
  Message exchange(json header, const std::vector<std::byte>& payload,
                   const char* type, double timeout) {
    if (!payload.empty()) header["bytes"] = payload.size();
    const auto deadline = Process::Clock::now() +
                          std::chrono::duration_cast<Process::Clock::duration>(
                              std::chrono::duration<double>(timeout));
    std::string request = header.dump() + "\n";
    request.append(reinterpret_cast<const char*>(payload.data()),
                   payload.size());
    process_->write(request, deadline);

    Message reply;
    const std::string line = process_->read_line(kLongestLine, deadline);
    reply.header = parse_header(line);
    reply.payload.resize(payload_size(reply.header));
    process_->read(reply.payload, deadline);
    if (reply.header["type"] == "error") {
      const auto message = reply.header.find("message");
      const auto fatal = reply.header.find("fatal");
      if (fatal != reply.header.end() && *fatal == true) stop_at_once();
      throw EnvironmentError(named(
          fmt::format("it answered {} with an error: {}", header["type"].dump(),
                      message != reply.header.end() && message->is_string()
                          ? message->get<std::string>()
                          : "(no message)")));
    }
    if (reply.header["type"] != type)
      throw ProtocolError(
          fmt::format("{} is no reply to {}; its type would be "
                      "\"{}\"",
                      quote(line), header["type"].dump(), type));
    return reply;
  }

  const std::string command_;
  const ExternalOptions options_;
  Declaration declaration_;
  std::unique_ptr<Process> process_;  // none after it failed
};

}  // namespace

std::unique_ptr<Environment> start_environment(const std::string& command,
                                               const ExternalOptions& options) {
  return std::make_unique<ExternalEnvironment>(command, options);
}

}  // namespace gato

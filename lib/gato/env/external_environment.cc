// An environment in a child process that speaks the protocol of
// share/gato/envs/README.md over its stdin and stdout.
//
// begin() sends a request, and advance() receives its reply piece by piece
// (reply_receiver.h). When the reply is complete, or the request has failed,
// has_reply() is true and take_reply() returns the reply or throws. A reset of
// a child that has ended is two requests: "hello" to the child that takes its
// place, and then the reset. The methods that block (reset, step ...) are the
// two halves with a wait in between. request_failure.h says what a failure of a
// request means.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/fair_semaphore.h"
#include "gato/base/processors.h"
#include "gato/base/share_directory.h"
#include "gato/base/signals.h"
#include "gato/base/string_util.h"
#include "gato/env/child_process.h"
#include "gato/env/environment.h"
#include "gato/env/protocol.h"
#include "gato/env/protocol_spec.h"
#include "gato/env/reply_receiver.h"
#include "gato/env/request_failure.h"
#include "gato/env/wait_set.h"

namespace gato::env {
namespace {

using nlohmann::json;

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

// Limits how many children start at the same time: they share the processors,
// and must not exceed the time-out because of one another.
base::FairSemaphore& start_permits() {
  static base::FairSemaphore permits(
      std::max<int64_t>(16, 2 * base::available_processors()));
  return permits;
}

// The time at which a child of this process last answered "hello".
std::atomic<WaitSet::Clock::duration> last_hello{};

class ExternalEnvironment : public Environment {
 public:
  ExternalEnvironment(std::string command,
                      const ExternalEnvironmentOptions& options)
      : command_(std::move(command)), options_(options) {
    base::Permit permit(&start_permits());
    base::throw_if_stopped();
    begin_hello();
    spec_reply_ = complete_spec(parse_spec(take_reply()));
    has_started_ = true;
  }

  ~ExternalEnvironment() override {
    if (!process_) {
      return;
    }
    try {
      process_->send(json{{"type", "close"}}.dump() + "\n");
    } catch (const std::exception&) {
      // The child has ended already. ~ChildProcess cleans up.
    }
  }

  const EnvironmentSpec& spec() const override { return spec_reply_.spec; }

  data::FieldValues reset(uint64_t seed) override {
    begin_reset(seed);
    return finish_reset();
  }
  StepResult step(const data::FieldValues& action) override {
    begin_step(action);
    return finish_step();
  }
  data::FieldValues expert_action() override {
    begin_expert_action();
    return finish_expert_action();
  }
  data::Image render() override {
    begin_render();
    return finish_render();
  }

  void begin_reset(uint64_t seed) override {
    Request request{.header = {{"type", "reset"}, {"seed", seed}},
                    .reply_type = "observation",
                    .reply_fields = &spec().task.observation_fields};
    if (process_) {
      begin(std::move(request));
    } else {
      request_after_hello_ = std::move(request);
      begin_hello();
    }
  }
  data::FieldValues finish_reset() override {
    const Message reply = take_reply();
    return with_error_context([&] { return decode_observation(reply); });
  }

  void begin_step(const data::FieldValues& action) override {
    begin({.header = {{"type", "step"}},
           .payload = encode_values(action, spec_reply_.action_wire_order),
           .reply_type = "observation",
           .reply_fields = &spec().task.observation_fields});
  }
  StepResult finish_step() override {
    const Message reply = take_reply();
    return with_error_context([&] {
      StepResult result = decode_step_result(reply.header);
      result.observation = decode_observation(reply);
      return result;
    });
  }

  void begin_expert_action() override {
    begin({.header = {{"type", "expert"}},
           .reply_type = "action",
           .reply_fields = &spec().task.action_fields});
  }
  data::FieldValues finish_expert_action() override {
    const Message reply = take_reply();
    return with_error_context([&] {
      return decode_values(spec().task.action_fields,
                           spec_reply_.action_wire_order, reply);
    });
  }

  void begin_render() override {
    begin({.header = {{"type", "render"}}, .reply_type = "image"});
  }
  data::Image finish_render() override {
    const Message reply = take_reply();
    return with_error_context([&] { return decode_image(reply); });
  }

  bool has_reply() const override { return is_complete_; }

  void add_waits(WaitSet& waits) override {
    process_->add_waits(waits);
    waits.add_deadline(deadline());
  }

  void advance(const WaitSet& waits) override {
    try {
      process_->advance(waits);
      receive();
    } catch (...) {
      fail_request(std::current_exception());
    }
  }

 private:
  // Starts the child and sends "hello".
  void begin_hello() {
    process_ = std::make_unique<ChildProcess>(command_, child_variables());
    is_hello_ = true;
    begin(
        {.header = {{"type", "hello"}, {"version", 1}}, .reply_type = "spec"});
  }

  void begin(Request request) {
    request_ = std::move(request);
    receiver_ = {};
    is_complete_ = false;
    failure_ = nullptr;
    begin_time_ = WaitSet::Clock::now();
    try {
      if (!process_) {
        throw EnvironmentLostError(with_command(
            command_, "it has ended; call reset to start it again"));
      }
      if (!request_.payload.empty()) {
        request_.header["bytes"] = request_.payload.size();
      }
      std::string bytes = request_.header.dump() + "\n";
      bytes.append(reinterpret_cast<const char*>(request_.payload.data()),
                   request_.payload.size());
      process_->send(std::move(bytes));
    } catch (...) {
      fail_request(std::current_exception());
    }
  }

  double timeout() const {
    return is_hello_ ? options_.hello_timeout : options_.step_timeout;
  }

  // Returns when the request fails if it has no reply. Children that start at
  // the same time slow one another down: the time-out of each begins again when
  // another one has answered.
  WaitSet::Deadline deadline() const {
    WaitSet::Deadline begin = begin_time_;
    if (!has_started_) {
      begin = std::max(begin, WaitSet::Deadline(last_hello.load()));
    }
    return begin + std::chrono::duration_cast<WaitSet::Clock::duration>(
                       std::chrono::duration<double>(timeout()));
  }

  // Waits for the reply to the request and returns it.
  Message take_reply() {
    WaitSet waits;
    while (!is_complete_) {
      waits.clear();
      add_waits(waits);
      waits.wait();
      advance(waits);
    }
    if (failure_) {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    return receiver_.take_reply();
  }

  // Receives what has arrived of the reply.
  void receive() {
    if (receiver_.receive(*process_, request_)) {
      complete_reply();
    } else if (!process_->is_open()) {
      process_->fail("");
    } else if (WaitSet::Clock::now() >= deadline()) {
      process_->fail("did not answer in time");
    }
  }

  void complete_reply() {
    if (receiver_.reply().header["type"] == "error") {
      throw_error_reply(receiver_.reply().header, request_context());
    }
    if (request_.reply_fields != nullptr) {
      with_error_context([&] {
        require_payload_size(receiver_.announced_bytes(),
                             *request_.reply_fields);
      });
    }
    if (!request_after_hello_) {
      if (is_hello_) {
        last_hello = WaitSet::Clock::now().time_since_epoch();
      }
      is_hello_ = false;
      is_complete_ = true;
      return;
    }
    check_new_spec(parse_spec(receiver_.reply()));
    is_hello_ = false;
    begin(*std::exchange(request_after_hello_, std::nullopt));
  }

  // Ends the request with an exception for finish_*(), and the child unless it
  // can be used again.
  void fail_request(const std::exception_ptr& error) {
    failure_ = convert_request_error(error, request_context());
    if (is_hello_ || !is_usable_after(error)) {
      terminate_child();
    }
    request_after_hello_.reset();
    is_hello_ = false;
    is_complete_ = true;
  }

  RequestContext request_context() const {
    return {.command = command_,
            .type = request_.header["type"],
            .is_hello = is_hello_,
            .timeout = timeout()};
  }

  data::FieldValues decode_observation(const Message& reply) const {
    return decode_values(spec().task.observation_fields,
                         spec_reply_.observation_wire_order, reply);
  }

  // Calls `decode` and adds the command to its errors.
  template <class Decode>
  std::invoke_result_t<const Decode&> with_error_context(
      const Decode& decode) const {
    try {
      return decode();
    } catch (const EnvironmentError& error) {
      throw EnvironmentError(with_command(command_, error.what()));
    }
  }

  // Parses the reply to "hello". Every failure ends the run.
  SpecReply parse_spec(const Message& reply) {
    try {
      return parse_spec_reply(reply.header);
    } catch (const ProtocolError& error) {
      terminate_child();
      throw base::run_error(
          "{}",
          with_command(command_, fmt::format("at hello: {}", error.what())));
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
    reply.spec.is_external = true;
    return reply;
  }

  // Throws Error(run_failed) if the child that was started again differs.
  void check_new_spec(const SpecReply& reply) const {
    if (reply.spec.task.observation_fields != spec().task.observation_fields ||
        reply.spec.task.action_fields != spec().task.action_fields ||
        reply.observation_wire_order != spec_reply_.observation_wire_order ||
        reply.action_wire_order != spec_reply_.action_wire_order) {
      throw base::run_error(
          "{}",
          with_command(command_,
                       "after a restart it declares different observations or "
                       "actions"));
    }
  }

  void terminate_child() {
    if (process_) {
      process_->skip_grace_period();
    }
    process_.reset();
  }

  const std::string command_;
  const ExternalEnvironmentOptions options_;
  SpecReply spec_reply_;
  std::unique_ptr<ChildProcess> process_;  // null after a failure

  // The request that was sent last, and its reply as far as it has arrived.
  Request request_;
  std::optional<Request> request_after_hello_;
  bool is_hello_ = false;     // the request is "hello"
  bool has_started_ = false;  // the child has answered "hello" once
  WaitSet::Deadline begin_time_;
  ReplyReceiver receiver_;
  bool is_complete_ = true;
  std::exception_ptr failure_;
};

}  // namespace

std::unique_ptr<Environment> start_external_environment(
    const std::string& command, const ExternalEnvironmentOptions& options) {
  return std::make_unique<ExternalEnvironment>(command, options);
}

}  // namespace gato::env

// The consequences of a failed request to a child process for the episode, the
// child and the run.
//
// Failures are of three kinds. An error reply or invalid values fail the
// episode (EnvironmentError), and the child stays. A child that ends or hangs
// (ProcessError) fails the episode, too (EnvironmentLostError), and the next
// reset starts it again. Anything else that is not a reply (ProtocolError) and
// any failure at "hello" end the run (base::Error), since they would only
// repeat.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <string>

namespace gato::env {

// A request to a child process, for messages about it.
struct RequestContext {
  std::string command;    // of the child
  std::string type;       // of the request, such as "step"
  bool is_hello = false;  // the request starts the child
  double timeout = 0;     // seconds
};

// Returns a message that begins with the command, which identifies one child
// among many.
std::string with_command(const std::string& command,
                         const std::string& message);

// Throws EnvironmentLostError if `reply`, an error reply, is fatal, else
// EnvironmentError.
[[noreturn]] void throw_error_reply(const nlohmann::json& reply,
                                    const RequestContext& request);

// Returns whether a child of which a request failed with `error` can take
// another request.
bool is_usable_after(const std::exception_ptr& error);

// Returns what the caller of the request gets for `error`. A failure at "hello"
// ends the run. So does a reply that breaks the protocol, except to "render": a
// renderer may print, and the run does not depend on its images.
std::exception_ptr convert_request_error(const std::exception_ptr& error,
                                         const RequestContext& request);

}  // namespace gato::env

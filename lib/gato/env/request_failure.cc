#include "gato/env/request_failure.h"

#include <fmt/format.h>

#include "gato/base/error.h"
#include "gato/env/child_process.h"
#include "gato/env/environment.h"
#include "gato/env/protocol.h"

namespace gato::env {

std::string with_command(const std::string& command,
                         const std::string& message) {
  return fmt::format("environment '{}': {}", command, message);
}

void throw_error_reply(const nlohmann::json& reply,
                       const RequestContext& request) {
  const auto message = reply.find("message");
  const auto fatal = reply.find("fatal");
  const std::string text = with_command(
      request.command,
      fmt::format("it answered \"{}\" with an error: {}", request.type,
                  message != reply.end() && message->is_string()
                      ? message->get<std::string>()
                      : "(no message)"));
  if (fatal != reply.end() && *fatal == true) {
    throw EnvironmentLostError(text);
  }
  throw EnvironmentError(text);
}

bool is_usable_after(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const EnvironmentLostError&) {
    return false;
  } catch (const EnvironmentError&) {
    return true;
  } catch (...) {
    return false;
  }
}

std::exception_ptr convert_request_error(const std::exception_ptr& error,
                                         const RequestContext& request) {
  const auto failure = [](bool ends_run, const std::string& text) {
    return ends_run ? std::make_exception_ptr(base::run_error("{}", text))
                    : std::make_exception_ptr(EnvironmentLostError(text));
  };
  try {
    std::rethrow_exception(error);
  } catch (const ProcessError& process_failure) {
    return failure(
        request.is_hello,
        with_command(
            request.command,
            fmt::format("on request '{}' (timeout {:g} s), it {}", request.type,
                        request.timeout, process_failure.what())));
  } catch (const ProtocolError& protocol_failure) {
    return failure(
        request.type != "render",
        with_command(request.command, fmt::format("at {}: {}", request.type,
                                                  protocol_failure.what())));
  } catch (const EnvironmentError& environment_error) {
    return request.is_hello ? failure(true, environment_error.what()) : error;
  } catch (...) {
    return error;
  }
}

}  // namespace gato::env

// Messages of the environment protocol (share/gato/envs/README.md): one line of
// JSON followed by the number of raw bytes that it announces.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gato/env/environment.h"

namespace gato::env {

// Thrown if the child's output is not a message of the protocol, or is a
// message that cannot be used.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Returns a ProtocolError with a formatted message.
template <class... Args>
ProtocolError protocol_error(fmt::format_string<Args...> format,
                             Args&&... args) {
  return ProtocolError(fmt::format(format, std::forward<Args>(args)...));
}

// The maximum size of a payload, 1 GiB. It bounds what a child can make this
// process allocate.
inline constexpr size_t kMaxPayloadBytes = size_t{1} << 30;

struct Message {
  nlohmann::json header;
  std::vector<std::byte> payload;
};

// Parses a line into a JSON object with a string "type". NaN and Infinity,
// which some JSON writers emit, become null. Throws ProtocolError, quoting the
// line, if it is anything else.
nlohmann::json parse_header(std::string_view line);

// Returns "bytes" of a header, 0 if absent. Throws ProtocolError if it is not
// an integer from 0 to kMaxPayloadBytes.
size_t payload_size(const nlohmann::json& header);

// Returns the size of the payload of a message with the values of `fields`.
size_t payload_size(const std::vector<data::Field>& fields);
// Throws EnvironmentError if `size` is not this size.
void require_payload_size(size_t size, const std::vector<data::Field>& fields);

// Returns the values of `fields`, in token order, of a message. Throws
// EnvironmentError if a text is missing, the payload has the wrong size, or a
// value is NaN or out of range.
data::FieldValues decode_values(const std::vector<data::Field>& fields,
                                const std::vector<size_t>& wire_order,
                                const Message& message);
// Returns the payload of an action. Its values must be arrays.
std::vector<std::byte> encode_values(const data::FieldValues& values,
                                     const std::vector<size_t>& wire_order);

// Returns the size of the payload of an image whose shape a header has, 0 if
// that is invalid.
size_t image_payload_size(const nlohmann::json& header);
// Returns the image of a message. Throws EnvironmentError if its shape is
// invalid or does not match its payload.
data::Image decode_image(const Message& message);

// Returns reward, end flags and info scalars of the reply to a step, with an
// empty observation. Throws EnvironmentError if the reward is missing or not a
// finite number.
StepResult decode_step_result(const nlohmann::json& header);

}  // namespace gato::env

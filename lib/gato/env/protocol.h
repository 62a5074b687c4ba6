// The messages of the environment protocol (share/gato/envs/README.md): a line
// of JSON, then as many raw bytes as it announces.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gato/env/environment.h"

namespace gato::env {

// What came is no message of the protocol, or announces what cannot be used.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Message {
  nlohmann::json header;
  std::vector<std::byte> payload;
};

// A JSON object with a text "type". NaN and Infinity, which some writers of
// JSON let through, are read as null. ProtocolError quotes the line.
nlohmann::json parse_header(std::string_view line);

// "bytes" of a header, 0 where absent. ProtocolError where it is no count or
// more than 1 GiB.
size_t payload_size(const nlohmann::json& header);

// What a "spec" reply declares. On the wire values stand in the order in which
// the child declared them; elsewhere in token order.
struct SpecReply {
  EnvironmentSpec spec;
  std::vector<size_t> observation_wire_order,
      action_wire_order;  // wire to token order
};

// ProtocolError names the entry, the key and the value.
SpecReply parse_spec_reply(const nlohmann::json& header);

// The values of `fields` (token order) in a message. EnvironmentError where a
// text is missing, the size is wrong, or a value is NaN or out of its range.
data::FieldValues decode_values(const std::vector<data::Field>& fields,
                                const std::vector<size_t>& wire_order,
                                const Message& message);
std::vector<std::byte> encode_values(const data::FieldValues& values,
                                     const std::vector<size_t>& wire_order);

// Reward, end and scalars of the reply to a step; EnvironmentError where the
// reward is missing or no finite number. `observation` is left empty.
StepResult decode_step_result(const nlohmann::json& header);

}  // namespace gato::env

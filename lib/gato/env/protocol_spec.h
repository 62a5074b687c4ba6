// The "spec" reply of the environment protocol, in which a child declares its
// task, observations and actions (share/gato/envs/README.md).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

#include "gato/env/environment.h"
#include "gato/env/protocol.h"

namespace gato::env {

// The contents of a "spec" reply. On the wire, values are in the order in which
// the child declared them; everywhere else they are in token order. The wire
// orders contain, for each position on the wire, the index in token order.
struct SpecReply {
  EnvironmentSpec spec;
  std::vector<size_t> observation_wire_order, action_wire_order;
};

// Parses a "spec" reply. Throws ProtocolError, naming the entry, the key and
// the value, if it is invalid.
SpecReply parse_spec_reply(const nlohmann::json& header);

}  // namespace gato::env

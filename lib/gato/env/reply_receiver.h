// Receives the replies of a child process piece by piece.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gato/env/child_process.h"
#include "gato/env/protocol.h"

namespace gato::env {

// A request to a child, and what is known about its reply.
struct Request {
  nlohmann::json header;
  std::vector<std::byte> payload = {};
  const char* reply_type = nullptr;
  // The fields whose values the reply contains, if it contains values.
  const std::vector<data::Field>* reply_fields = nullptr;
};

// The reply to one request: the line of JSON, then as many bytes as it
// announces.
class ReplyReceiver {
 public:
  // Receives what has arrived of the reply to `request`, the same at every
  // call. Returns whether the reply is complete. Throws ProtocolError if it is
  // neither a reply to the request nor an error.
  bool receive(ChildProcess& process, const Request& request);

  // The payload of the reply is left out if it does not have the size that its
  // fields or its image require. announced_bytes() is its size nevertheless.
  const Message& reply() const { return reply_; }
  Message take_reply() { return std::move(reply_); }
  size_t announced_bytes() const { return announced_; }

 private:
  void receive_header(const std::string& line, const Request& request);
  // Returns whether the payload is complete.
  bool receive_payload(ChildProcess& process);

  Message reply_;
  bool has_header_ = false;
  size_t announced_ = 0, received_ = 0;  // bytes of the payload
};

}  // namespace gato::env

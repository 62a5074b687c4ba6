#include "gato/env/reply_receiver.h"

#include <span>

#include "gato/base/string_util.h"

namespace gato::env {
namespace {

constexpr size_t kMaxLineBytes = size_t{1} << 24;

}  // namespace

bool ReplyReceiver::receive(ChildProcess& process, const Request& request) {
  if (!has_header_) {
    const auto line = process.take_line(kMaxLineBytes);
    if (line) {
      receive_header(*line, request);
    }
  }
  return has_header_ && receive_payload(process);
}

void ReplyReceiver::receive_header(const std::string& line,
                                   const Request& request) {
  reply_.header = parse_header(line);
  announced_ = payload_size(reply_.header);
  const nlohmann::json& type = reply_.header["type"];
  if (type != request.reply_type && type != "error") {
    throw protocol_error(
        "{} is not a reply to {}, which must be of type \"{}\"",
        base::quote_excerpt(line), request.header["type"].dump(),
        request.reply_type);
  }
  has_header_ = true;
  // Unusable bytes are not stored, however many there are.
  const size_t expected = request.reply_fields != nullptr
                              ? payload_size(*request.reply_fields)
                              : image_payload_size(reply_.header);
  if (type != "error" && announced_ == expected) {
    reply_.payload.resize(announced_);
  }
}

bool ReplyReceiver::receive_payload(ChildProcess& process) {
  received_ += reply_.payload.empty()
                   ? process.discard(announced_ - received_)
                   : process.take(std::span(reply_.payload).subspan(received_));
  return received_ == announced_;
}

}  // namespace gato::env

// Messages of an environment behind a pipe: a line that declares its spaces,
// then a line and the payload of the reply to one step.
#include "fuzz/fuzz.h"
#include "gato/env/protocol.h"
#include "gato/env/protocol_spec.h"

using namespace gato;

namespace {

// Returns the first line of `text` without its end, and removes both from
// `text`.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

void play(std::string_view text) {
  const env::SpecReply declaration =
      env::parse_spec_reply(env::parse_header(take_line(text)));
  env::Message message;
  message.header = env::parse_header(take_line(text));
  message.payload.resize(
      std::min(env::payload_size(message.header), text.size()));
  std::copy_n(reinterpret_cast<const std::byte*>(text.data()),
              message.payload.size(), message.payload.begin());
  env::decode_step_result(message.header);
  const auto& fields = declaration.spec.task.observation_fields;
  const data::FieldValues values =
      env::decode_values(fields, declaration.observation_wire_order, message);
  FUZZ_REQUIRE(values.size() == fields.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    play(fuzz::as_text(data, size));
  } catch (const env::ProtocolError&) {
  } catch (const env::EnvironmentError&) {
  }
  return 0;
}

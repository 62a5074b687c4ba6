// Parsing validates everything that a child declares before anything is
// allocated for it, and names the entry and the key that are wrong. Errors in
// the form of a message are ProtocolError, errors in its values
// EnvironmentError.
#include "gato/env/protocol.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/data/lenient_json.h"
#include "gato/data/space.h"

namespace gato::env {
namespace {

using nlohmann::json;

constexpr int kProtocolVersion = 1;
constexpr size_t kMaxPayloadBytes = size_t{1} << 30;
constexpr int64_t kMaxDiscreteValues = 1024;

template <class... Args>
ProtocolError protocol_error(fmt::format_string<Args...> format,
                             Args&&... args) {
  return ProtocolError(fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
EnvironmentError environment_error(fmt::format_string<Args...> format,
                                   Args&&... args) {
  return EnvironmentError(fmt::format(format, std::forward<Args>(args)...));
}

// parse_lenient_json represents NaN and infinities as strings that begin with
// NUL.
void replace_non_finite_with_null(json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (!text.empty() && text.front() == '\0') {
      value = nullptr;
    }
  } else if (value.is_structured()) {
    for (json& item : value) {
      replace_non_finite_with_null(item);
    }
  }
}

// Returns header[key] as a T, or `default_value` if it is absent or null.
// Throws ProtocolError if it is not a T.
template <class T>
T get_or(const json& header, const char* key, T default_value) {
  const auto found = header.find(key);
  if (found == header.end() || found->is_null()) {
    return default_value;
  }
  const auto type_error = [&] {
    return protocol_error("its \"{}\" is {}", key,
                          base::quote_excerpt(found->dump()));
  };
  try {
    if constexpr (std::is_same_v<T, int64_t>) {
      return data::json_integer(*found);
    }
    return found->get<T>();
  } catch (const json::exception&) {
    throw type_error();
  } catch (const base::Error&) {
    throw type_error();
  }
}

// Parses one entry of the list `kind`, which is "observation" or "action".
data::Field parse_field(const char* kind, json entry) {
  if (!entry.is_object()) {
    throw protocol_error("an entry of its \"{}\" is {}, which is not an object",
                         kind, base::quote_excerpt(entry.dump()));
  }
  const auto name = get_or<std::string>(entry, "name", "");
  if (name.empty()) {
    throw protocol_error("an entry of its \"{}\" has no name: {}", kind,
                         base::quote_excerpt(entry.dump()));
  }
  if (!data::is_valid_hdf5_path(name)) {
    throw protocol_error("{} '{}' has a name that HDF5 cannot store", kind,
                         name);
  }
  // A Discrete space needs nothing but n.
  const auto role = get_or<std::string>(entry, "role", "");
  if (role == "discrete") {
    if (!entry.contains("dtype")) {
      entry["dtype"] = "int64";
    }
    if (!entry.contains("shape")) {
      entry["shape"] = json::array();
    }
    if (entry["dtype"] == "bool" && !entry.contains("n")) {
      entry["n"] = 2;
    }
  }
  if (role != "text") {
    for (const char* key : {"dtype", "shape"}) {
      if (!entry.contains(key)) {
        throw protocol_error("{} '{}' has no \"{}\"", kind, name, key);
      }
    }
  }
  // Bound the number of elements before anything is allocated for each of them.
  // The product is a double because integers could wrap around.
  double element_count = 1;
  if (entry.contains("shape")) {
    const auto shape = get_or<std::vector<double>>(entry, "shape", {});
    for (const double extent : shape) {
      element_count *= extent;
    }
    if (!(element_count >= 1 && element_count <= kMaxPayloadBytes)) {
      throw protocol_error("{} '{}' has the invalid shape {}", kind, name,
                           entry["shape"].dump());
    }
  }
  try {
    return data::field_from_json(entry);
  } catch (const base::Error& error) {
    throw protocol_error("{} {}", kind, error.what());
  }
}

// Throws ProtocolError if the dtype, shape or range of a field does not suit
// its role.
void check_field(const char* kind, const data::Field& field) {
  const auto fail = [&](const std::string& problem) {
    throw protocol_error("{} '{}' {}", kind, field.name, problem);
  };
  for (size_t i = 0; i < field.low.size(); ++i) {
    if (field.low[i] > field.high[i]) {
      fail(fmt::format("has a low of {} above its high of {}", field.low[i],
                       field.high[i]));
    }
  }
  switch (field.role) {
    case data::Role::text:
      break;
    case data::Role::image:
      if (field.dtype != data::DType::uint8) {
        fail(fmt::format("is an image of dtype {}; it must be uint8",
                         data::dtype_name(field.dtype)));
      }
      if (field.shape.size() < 2 || field.shape.size() > 4) {
        fail(
            fmt::format("is an image with {} dimensions; it must be [height, "
                        "width], [height, width, channels] or a stack of "
                        "those",
                        field.shape.size()));
      }
      break;
    case data::Role::discrete:
      if (!data::is_integer(field.dtype)) {
        fail(fmt::format("is discrete, but its dtype is {}",
                         data::dtype_name(field.dtype)));
      }
      if (field.n.empty() && field.low.empty()) {
        fail("is discrete and needs \"n\", the number of values");
      }
      for (const int64_t n : field.n) {
        if (n < 1 || n > kMaxDiscreteValues) {
          fail(fmt::format("has an n of {}; n must be from 1 to {}", n,
                           kMaxDiscreteValues));
        }
      }
      break;
    case data::Role::continuous:
      break;
  }
}

// Parses the list `kind` of a spec. Returns its fields in token order and
// appends to `wire_order` the index of each field in the order of the list.
std::vector<data::Field> parse_fields(const char* kind, const json& header,
                                      std::vector<size_t>& wire_order) {
  const auto found = header.find(kind);
  if (found == header.end() || !found->is_array() || found->empty()) {
    throw protocol_error("its \"{}\" is not a list of entries", kind);
  }
  std::vector<data::Field> wire_fields;
  std::set<std::string> names;
  for (const json& entry : *found) {
    wire_fields.push_back(parse_field(kind, entry));
    check_field(kind, wire_fields.back());
    if (!names.insert(wire_fields.back().name).second) {
      throw protocol_error("{} '{}' is declared twice", kind,
                           wire_fields.back().name);
    }
  }
  for (const std::string& name : names) {
    const auto nested = names.lower_bound(name + "/");
    if (nested != names.end() && nested->starts_with(name + "/")) {
      throw protocol_error(
          "{} '{}' cannot be both a value and the parent of '{}'", kind, name,
          *nested);
    }
  }
  std::vector<data::Field> fields = wire_fields;
  data::sort_fields(fields);
  for (const data::Field& field : wire_fields) {
    wire_order.push_back(
        static_cast<size_t>(std::find_if(fields.begin(), fields.end(),
                                         [&field](const data::Field& other) {
                                           return other.name == field.name;
                                         }) -
                            fields.begin()));
  }
  return fields;
}

// Returns the number of bytes of a field in a payload. Texts are in the header.
size_t payload_bytes(const data::Field& field) {
  return field.role == data::Role::text
             ? 0
             : static_cast<size_t>(data::element_count(field.shape)) *
                   data::item_size(field.dtype);
}

// Throws EnvironmentError if a value is NaN or outside its discrete range.
void check_values(const data::Field& field, const data::Array& array) {
  if (data::is_floating(array.dtype)) {
    for (int64_t i = 0; i < array.size(); ++i) {
      if (std::isnan(array.as_double(i))) {
        throw environment_error("element {} of '{}' is NaN", i, field.name);
      }
    }
  }
  if (field.role != data::Role::discrete || field.n.empty()) {
    return;
  }
  for (int64_t i = 0; i < array.size(); ++i) {
    const int64_t value = array.as_integer(i), start = field.start[i];
    if (value < start || value - start >= field.n[i]) {
      throw environment_error(
          "element {} of '{}' is {}; its spec declares {} to {}", i, field.name,
          value, start, start + field.n[i] - 1);
    }
  }
}

ProtocolError not_a_message_error(std::string_view line) {
  return protocol_error(
      "{} is not a JSON object; only replies may go to standard output",
      base::quote_excerpt(line));
}

}  // namespace

json parse_header(std::string_view line) {
  json header;
  try {
    header = data::parse_lenient_json(line);
  } catch (const base::Error&) {
    throw not_a_message_error(line);
  }
  if (!header.is_object()) {
    throw not_a_message_error(line);
  }
  replace_non_finite_with_null(header);
  const auto type = header.find("type");
  if (type == header.end() || !type->is_string()) {
    throw protocol_error("{} has no \"type\"", base::quote_excerpt(line));
  }
  return header;
}

size_t payload_size(const json& header) {
  const auto bytes = header.find("bytes");
  if (bytes == header.end() || bytes->is_null()) {
    return 0;
  }
  if (!bytes->is_number_unsigned() ||
      bytes->get<uint64_t>() > kMaxPayloadBytes) {
    throw protocol_error(
        "{} has a \"bytes\" that is not an integer from 0 to {}",
        base::quote_excerpt(
            header.dump(-1, ' ', false, json::error_handler_t::replace)),
        kMaxPayloadBytes);
  }
  return bytes->get<size_t>();
}

SpecReply parse_spec_reply(const json& header) {
  const auto version = get_or<int64_t>(header, "version", -1);
  if (version != kProtocolVersion) {
    throw protocol_error("it speaks version {} of the protocol, not {}",
                         version < 0 ? "none" : std::to_string(version),
                         kProtocolVersion);
  }
  SpecReply reply;
  EnvironmentSpec& spec = reply.spec;
  spec.task.name = get_or<std::string>(header, "task", "");
  if (spec.task.name.empty()) {
    throw protocol_error("it has no \"task\"");
  }
  spec.task.domain = get_or<std::string>(header, "domain", "external");
  spec.task.environment = spec.task.name;
  try {
    data::require_printable_names(spec.task);
  } catch (const base::Error& error) {
    throw protocol_error("{}", error.what());
  }
  spec.max_episode_steps = get_or<int64_t>(header, "max_steps", 0);
  if (spec.max_episode_steps < 0) {
    throw protocol_error("its \"max_steps\" is {}", spec.max_episode_steps);
  }
  spec.task.observation_fields =
      parse_fields("observation", header, reply.observation_wire_order);
  spec.task.action_fields =
      parse_fields("action", header, reply.action_wire_order);
  for (const data::Field& field : spec.task.action_fields) {
    if (field.role == data::Role::text || field.role == data::Role::image) {
      throw protocol_error(
          "action '{}' is {}; actions must be discrete or continuous",
          field.name, data::role_name(field.role));
    }
  }
  const auto capabilities =
      get_or<std::vector<std::string>>(header, "capabilities", {});
  const auto has_capability = [&capabilities](const char* name) {
    return std::ranges::find(capabilities, name) != capabilities.end();
  };
  spec.has_seed = has_capability("seed");
  spec.has_expert = has_capability("expert");
  spec.has_render = has_capability("render");
  return reply;
}

data::FieldValues decode_values(const std::vector<data::Field>& fields,
                                const std::vector<size_t>& wire_order,
                                const Message& message) {
  size_t expected = 0;
  for (const data::Field& field : fields) {
    expected += payload_bytes(field);
  }
  if (message.payload.size() != expected) {
    throw environment_error(
        "its message has {} bytes of values; its spec requires {}",
        message.payload.size(), expected);
  }
  data::FieldValues values(fields.size());
  size_t offset = 0;
  for (const size_t index : wire_order) {
    const data::Field& field = fields[index];
    if (field.role == data::Role::text) {
      const auto texts = message.header.find("text");
      if (texts == message.header.end() || !texts->is_object() ||
          !texts->contains(field.name) || !(*texts)[field.name].is_string()) {
        throw environment_error("its message has no text '{}'", field.name);
      }
      auto text = (*texts)[field.name].get<std::string>();
      if (text.find('\0') != std::string::npos) {
        throw environment_error(
            "its text '{}' contains a NUL, which datasets cannot store",
            field.name);
      }
      values[index] = std::move(text);
      continue;
    }
    data::Array array = data::Array::zeros(field.dtype, field.shape);
    std::memcpy(array.bytes.data(), message.payload.data() + offset,
                array.bytes.size());
    offset += array.bytes.size();
    check_values(field, array);
    values[index] = std::move(array);
  }
  return values;
}

std::vector<std::byte> encode_values(const data::FieldValues& values,
                                     const std::vector<size_t>& wire_order) {
  std::vector<std::byte> payload;
  for (const size_t index : wire_order) {
    const auto& bytes = std::get<data::Array>(values.at(index)).bytes;
    payload.insert(payload.end(), bytes.begin(), bytes.end());
  }
  return payload;
}

StepResult decode_step_result(const json& header) {
  StepResult result;
  const auto reward = header.find("reward");
  if (reward == header.end() || !reward->is_number() ||
      !std::isfinite(reward->get<double>())) {
    throw environment_error("its reward is {}",
                            reward == header.end() ? "missing"
                            : reward->is_null()    ? "NaN or null"
                                                   : reward->dump());
  }
  result.reward = reward->get<double>();
  const auto read_flag = [&header](const char* key) {
    const auto found = header.find(key);
    if (found == header.end() || found->is_null()) {
      return false;
    }
    if (found->is_boolean()) {
      return found->get<bool>();
    }
    if (found->is_number()) {
      return found->get<double>() != 0;
    }
    throw environment_error("its \"{}\" is {}", key,
                            base::quote_excerpt(found->dump()));
  };
  result.terminated = read_flag("terminated");
  result.truncated = read_flag("truncated");
  const auto info = header.find("info");
  if (info != header.end() && info->is_object()) {
    for (const auto& [key, value] : info->items()) {
      if (value.is_boolean()) {
        result.info[key] = value.get<bool>() ? 1 : 0;
      } else if (value.is_number()) {
        result.info[key] = value.get<double>();
      }
    }
  }
  return result;
}

}  // namespace gato::env

// Everything that a child declares is validated before anything is allocated
// for it. Each error names the entry and the key that are wrong. parse_field()
// reads the form of one entry, check_field() checks that its values fit its
// role, and parse_fields() relates the order of the entries to token order.
#include "gato/env/protocol_spec.h"

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/data/lenient_json.h"
#include "gato/data/space.h"

namespace gato::env {
namespace {

using nlohmann::json;

constexpr int kProtocolVersion = 1;
constexpr int64_t kMaxDiscreteValues = 1024;

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

// Completes an entry whose space is Discrete, which needs only n.
void add_discrete_defaults(json& entry) {
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

// Throws ProtocolError if an entry declares more elements than a payload can
// contain. The product is a double because an integer could wrap around.
void check_element_count(const char* kind, const std::string& name,
                         const json& entry) {
  if (!entry.contains("shape")) {
    return;
  }
  double element_count = 1;
  for (const double extent : get_or<std::vector<double>>(entry, "shape", {})) {
    element_count *= extent;
  }
  if (!(element_count >= 1 && element_count <= kMaxPayloadBytes)) {
    throw protocol_error("{} '{}' has the invalid shape {}", kind, name,
                         entry["shape"].dump());
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
  const auto role = get_or<std::string>(entry, "role", "");
  if (role == "discrete") {
    add_discrete_defaults(entry);
  }
  if (role != "text") {
    for (const char* key : {"dtype", "shape"}) {
      if (!entry.contains(key)) {
        throw protocol_error("{} '{}' has no \"{}\"", kind, name, key);
      }
    }
  }
  check_element_count(kind, name, entry);
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
                        "width], [height, width, channels] or a stack of those",
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

}  // namespace

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
  spec.task.settings = get_or<json>(header, "settings", json::object());
  if (!spec.task.settings.is_object()) {
    throw protocol_error("its \"settings\" is {}, which is not an object",
                         base::quote_excerpt(spec.task.settings.dump()));
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

}  // namespace gato::env

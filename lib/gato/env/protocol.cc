// An invalid form of a message is a ProtocolError, which ends the run; an
// invalid value in it is an EnvironmentError, which ends the episode.
#include "gato/env/protocol.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/string_util.h"
#include "gato/data/lenient_json.h"

namespace gato::env {
namespace {

using nlohmann::json;

constexpr double kMaxImageBytes = 1 << 28;

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

// Returns the only element of a list of one, which may be nested, and any other
// value itself: some environments return arrays of one number.
json only_element(json value) {
  while (value.is_array() && value.size() == 1) {
    json element = std::move(value[0]);
    value = std::move(element);
  }
  return value;
}

// Returns the text of a value, which need not be valid UTF-8.
std::string safe_dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
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
        base::quote_excerpt(safe_dump(header)), kMaxPayloadBytes);
  }
  return bytes->get<size_t>();
}

size_t payload_size(const std::vector<data::Field>& fields) {
  size_t size = 0;
  for (const data::Field& field : fields) {
    if (field.role != data::Role::text) {  // texts are in the header
      size += static_cast<size_t>(data::element_count(field.shape)) *
              data::item_size(field.dtype);
    }
  }
  return size;
}

void require_payload_size(size_t size, const std::vector<data::Field>& fields) {
  if (const size_t expected = payload_size(fields); size != expected) {
    throw environment_error(
        "its message has {} bytes of values; its spec requires {}", size,
        expected);
  }
}

data::FieldValues decode_values(const std::vector<data::Field>& fields,
                                const std::vector<size_t>& wire_order,
                                const Message& message) {
  require_payload_size(message.payload.size(), fields);
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

size_t image_payload_size(const json& header) {
  const auto shape = header.find("shape");
  if (shape == header.end() || !shape->is_array() || shape->size() != 3 ||
      !(*shape)[0].is_number_unsigned() || !(*shape)[1].is_number_unsigned() ||
      (*shape)[2] != 3) {
    return 0;
  }
  const double bytes =
      3 * (*shape)[0].get<double>() * (*shape)[1].get<double>();
  return bytes <= kMaxImageBytes ? static_cast<size_t>(bytes) : 0;
}

data::Image decode_image(const Message& message) {
  const size_t bytes = image_payload_size(message.header);
  if (bytes == 0 || bytes != message.payload.size()) {
    throw environment_error(
        "its image has the shape {} and {} bytes",
        base::quote_excerpt(safe_dump(message.header.value("shape", json()))),
        payload_size(message.header));
  }
  data::Image image;
  image.height = message.header["shape"][0].get<int>();
  image.width = message.header["shape"][1].get<int>();
  image.pixels.resize(bytes);
  std::memcpy(image.pixels.data(), message.payload.data(), bytes);
  return image;
}

StepResult decode_step_result(const json& header) {
  StepResult result;
  const json reward = only_element(header.value("reward", json("missing")));
  if (!reward.is_number() || !std::isfinite(reward.get<double>())) {
    throw environment_error("its reward is {}",
                            !header.contains("reward") ? "missing"
                            : reward.is_null()
                                ? "NaN or null"
                                : base::quote_excerpt(safe_dump(reward)));
  }
  result.reward = reward.get<double>();
  const auto read_flag = [&header](const char* key) {
    const json flag = only_element(header.value(key, json()));
    if (flag.is_null()) {
      return false;
    }
    if (flag.is_boolean()) {
      return flag.get<bool>();
    }
    if (flag.is_number()) {
      return flag.get<double>() != 0;
    }
    throw environment_error("its \"{}\" is {}", key,
                            base::quote_excerpt(safe_dump(flag)));
  };
  result.terminated = read_flag("terminated");
  result.truncated = read_flag("truncated");
  const auto info = header.find("info");
  if (info != header.end() && info->is_object()) {
    for (const auto& [key, item] : info->items()) {
      const json value = only_element(item);
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

#include "gato/eval/report_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gato::eval {
namespace {

using nlohmann::json;

// Returns a text as a CSV field, in quotes if it needs them.
std::string quote_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (char c : text) {
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return quoted + '"';
}

std::string csv_field(const json& value) {
  if (value.is_null()) {
    return "";
  }
  if (value.is_string()) {
    return quote_field(value.get_ref<const std::string&>());
  }
  if (value.is_array()) {
    std::vector<std::string> texts;
    for (const json& item : value) {
      texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
    }
    return quote_field(fmt::format("{}", fmt::join(texts, " ")));
  }
  return quote_field(
      value.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace

json as_json(const std::optional<double>& value) {
  return value ? json(*value) : json(nullptr);
}

std::string to_csv(const std::vector<std::string>& columns, const json& rows) {
  std::string text = fmt::format("{}\r\n", fmt::join(columns, ","));
  for (const json& row : rows) {
    std::vector<std::string> fields;
    fields.reserve(columns.size());
    for (const std::string& column : columns) {
      const auto value = row.find(column);
      fields.push_back(value == row.end() ? "" : csv_field(*value));
    }
    text += fmt::format("{}\r\n", fmt::join(fields, ","));
  }
  return text;
}

std::string format_number(const std::optional<double>& value, int decimals,
                          const std::string& missing) {
  return value ? fmt::format("{:.{}f}", *value, decimals) : missing;
}

std::string format_return(const std::optional<double>& value) {
  return value ? fmt::format("{:.5g}", *value) : "-";
}

std::string format_interval(const std::optional<double>& low,
                            const std::optional<double>& high, int decimals) {
  return low && high ? fmt::format("[{:.{}f}, {:.{}f}]", *low, decimals, *high,
                                   decimals)
                     : "-";
}

}  // namespace gato::eval

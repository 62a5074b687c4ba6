// Each function visits the variant OptionTarget with one overload per type. All
// values, whether from the command line or from TOML, pass through
// assign_value() as texts, so that they are checked in the same way.
#include "gato/cli/option_value.h"

#include <type_traits>

#include "gato/base/overloaded.h"
#include "gato/base/parse_number.h"
#include "gato/base/spelling.h"

namespace gato::cli {
namespace {

void check_range(const Option& option, double value, const std::string& text,
                 const std::string& origin) {
  if (value >= option.minimum && value <= option.maximum) {
    return;
  }
  if (option.minimum == -std::numeric_limits<double>::infinity()) {
    throw base::usage_error("{}: {} is greater than {}", origin, text,
                            option.maximum);
  }
  if (option.maximum == std::numeric_limits<double>::infinity()) {
    throw base::usage_error("{}: {} is less than {}", origin, text,
                            option.minimum);
  }
  throw base::usage_error("{}: {} is not between {} and {}", origin, text,
                          option.minimum, option.maximum);
}

template <class T>
T parse_in_range(const Option& option, const std::string& text,
                 const std::string& origin) {
  const T value = base::parse_number<T>(text, origin);
  check_range(option, static_cast<double>(value), text, origin);
  return value;
}

std::string check_choice(const Option& option, const std::string& text,
                         const std::string& origin) {
  if (option.choices.empty()) {
    return text;
  }
  for (const std::string& choice : option.choices) {
    if (text == choice) {
      return text;
    }
  }
  throw base::usage_error("{}: '{}' is not one of {}{}", origin, text,
                          fmt::join(option.choices, ", "),
                          base::suggestion(text, option.choices));
}

bool parse_flag(const std::string& text, const std::string& origin) {
  if (text == "true") {
    return true;
  }
  if (text == "false") {
    return false;
  }
  throw base::usage_error("{}: '{}' is neither true nor false", origin, text);
}

std::vector<std::string> split_list(const Option& option,
                                    const ParsedValue& given) {
  if (given.is_verbatim || option.takes_files || option.takes_one_value ||
      option.is_operand) {
    return given.texts;
  }
  std::vector<std::string> items;
  for (const std::string& text : given.texts) {
    size_t begin = 0;
    while (true) {
      const size_t comma = text.find(',', begin);
      items.push_back(text.substr(begin, comma - begin));
      if (items.back().empty()) {
        throw base::usage_error("{}: '{}' contains an empty item", given.origin,
                                text);
      }
      if (comma == std::string::npos) {
        break;
      }
      begin = comma + 1;
    }
  }
  return items;
}

std::map<std::string, std::string> parse_pairs(const ParsedValue& given) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : given.texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw base::usage_error("{}: '{}' is not of the form KEY=VALUE",
                              given.origin, text);
    }
    const std::string key = text.substr(0, equals);
    if (!pairs.emplace(key, text.substr(equals + 1)).second) {
      throw base::usage_error("{}: '{}' is given twice", given.origin, key);
    }
  }
  return pairs;
}

}  // namespace

void assign_value(const Option& option, const ParsedValue& given) {
  const std::string& origin = given.origin;
  std::visit(
      base::overloaded{
          [&](bool* target) {
            *target = parse_flag(given.texts.back(), origin);
          },
          [&]<class T>(T* target) {
            *target = parse_in_range<T>(option, given.texts.back(), origin);
          },
          [&]<class T>(std::optional<T>* target) {
            *target = parse_in_range<T>(option, given.texts.back(), origin);
          },
          [&](std::string* target) {
            *target = check_choice(option, given.texts.back(), origin);
          },
          [&](std::optional<std::string>* target) {
            *target = check_choice(option, given.texts.back(), origin);
          },
          [&](std::vector<int64_t>* target) {
            target->clear();
            for (const std::string& item : split_list(option, given)) {
              target->push_back(parse_in_range<int64_t>(option, item, origin));
            }
          },
          [&](std::vector<std::string>* target) {
            target->clear();
            for (const std::string& item : split_list(option, given)) {
              target->push_back(check_choice(option, item, origin));
            }
          },
          [&](std::map<std::string, std::string>* target) {
            *target = parse_pairs(given);
          }},
      option.target);
}

nlohmann::json target_to_json(const OptionTarget& target) {
  return std::visit(
      base::overloaded{[]<class T>(std::optional<T>* value) {
                         return value->has_value() ? nlohmann::json(**value)
                                                   : nlohmann::json();
                       },
                       [](auto* value) { return nlohmann::json(*value); }},
      target);
}

std::string value_to_text(const nlohmann::json& value) {
  std::vector<std::string> items;
  switch (value.type()) {
    case nlohmann::json::value_t::null:
      return "";
    case nlohmann::json::value_t::string:
      return value.get<std::string>();
    case nlohmann::json::value_t::number_float:
      return fmt::format("{}", value.get<double>());
    case nlohmann::json::value_t::array:
      for (const auto& item : value) {
        items.push_back(value_to_text(item));
      }
      return fmt::format("{}", fmt::join(items, ","));
    case nlohmann::json::value_t::object:
      for (const auto& [key, item] : value.items()) {
        items.push_back(key + "=" + value_to_text(item));
      }
      return fmt::format("{}", fmt::join(items, ","));
    default:
      return value.dump();
  }
}

bool is_empty(const OptionTarget& target) {
  return std::visit(
      base::overloaded{
          []<class T>(std::optional<T>* value) { return !*value; },
          [](auto* value) {
            if constexpr (std::is_arithmetic_v<
                              std::remove_pointer_t<decltype(value)>>) {
              return false;
            } else {
              return value->empty();
            }
          }},
      target);
}

bool is_flag(const OptionTarget& target) {
  return std::holds_alternative<bool*>(target);
}

bool is_list(const OptionTarget& target) {
  return std::holds_alternative<std::vector<int64_t>*>(target) ||
         std::holds_alternative<std::vector<std::string>*>(target);
}

bool is_map(const OptionTarget& target) {
  return std::holds_alternative<std::map<std::string, std::string>*>(target);
}

std::string default_metavar(const OptionTarget& target) {
  return std::visit(
      base::overloaded{
          [](bool*) { return ""; }, [](int64_t*) { return "N"; },
          [](uint64_t*) { return "N"; }, [](double*) { return "X"; },
          [](std::optional<int64_t>*) { return "N"; },
          [](std::optional<double>*) { return "X"; },
          [](std::vector<int64_t>*) { return "N,..."; },
          [](std::vector<std::string>*) { return "TEXT..."; },
          [](std::map<std::string, std::string>*) { return "KEY=VALUE"; },
          [](auto*) { return "TEXT"; }},
      target);
}

}  // namespace gato::cli

// Numbers as reports show them: in JSON, CSV and text.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace gato::eval {

// Returns the number, or null if it is undefined.
nlohmann::json as_json(const std::optional<double>& value);

// Returns CSV (RFC 4180): a header and one line per object of `rows`, with the
// values of `columns`. Null and absent values are empty fields, and lists are
// joined with spaces.
std::string to_csv(const std::vector<std::string>& columns,
                   const nlohmann::json& rows);

// Returns the value with `decimals` decimals, or `missing` if it is undefined.
std::string format_number(const std::optional<double>& value, int decimals,
                          const std::string& missing = "-");
// Returns the value with up to five significant digits, such as "0.93", "16912"
// or "1.2e+07", or "-" if it is undefined.
std::string format_return(const std::optional<double>& value);
// Returns an interval such as "[1.5, 2.0]", or "-" if it is undefined.
std::string format_interval(const std::optional<double>& low,
                            const std::optional<double>& high,
                            int decimals = 1);

}  // namespace gato::eval

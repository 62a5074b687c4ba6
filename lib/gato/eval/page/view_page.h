// Pages that show what is in a file: gato-info --html.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gato/eval/check/finding.h"
#include "gato/eval/html_page.h"

namespace gato::eval {

// Returns html_page() with the style sheet and the script of the sections that
// are made here. The page remains one file, and is readable without the script.
std::string view_page(const std::string& title, const std::string& introduction,
                      const std::vector<HtmlSection>& sections);

// Returns tiles: a large text above a small one, both plain text.
std::string tiles(
    const std::vector<std::pair<std::string, std::string>>& values);

// Returns the section with what gato-info --check finds.
HtmlSection findings_section(const std::vector<Finding>& findings);

// Returns JSON for a <script> element: a text cannot end the element.
std::string script_json(const std::string& json);

// Returns a number with at most four significant digits.
std::string short_number(double value);
// Returns a count with its digits in groups of three.
std::string grouped(int64_t count);
// Returns a count for a tile: "1.21 M", "79 M", "1.18 G", or grouped() below a
// million.
std::string short_count(int64_t count);

// Returns a chart of how many values are in each of at most 24 ranges of equal
// width. Values that are not finite are left out. Integers with few distinct
// values have a bar each.
std::string histogram(std::vector<double> values, const std::string& title);

}  // namespace gato::eval

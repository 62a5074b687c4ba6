// A report as one HTML file that needs nothing else: no script, no network.
#pragma once

#include <string>
#include <vector>

namespace gato::eval {

// A part of a page with its heading. `html` is markup; text in it went through
// escape_html (eval/svg.h).
struct HtmlSection {
  std::string title;
  std::string html;
};

// Title, introduction (text), sections in order, and a style that suits a light
// and a dark screen, a narrow one, and paper.
std::string html_page(const std::string& title, const std::string& introduction,
                      const std::vector<HtmlSection>& sections);

// A table; the first `texts` columns are text, the others numbers, aligned
// right. Cells are text.
std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t text_columns);

}  // namespace gato::eval

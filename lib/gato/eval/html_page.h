// A report as a single self-contained HTML file that loads nothing from the
// network. Only sortable tables need scripts, and remain readable without.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gato::eval {

// Returns the text with & < > " ' escaped, for use as content or as an
// attribute value in HTML and SVG.
std::string escape_html(std::string_view text);

// Returns the path of a file as the path of a URL (RFC 3986, section 3.3):
// every byte but '/' and unreserved characters is percent-encoded.
std::string encode_url_path(std::string_view path);

// A section of a page. The title is plain text; `html` is markup, in which all
// text must have been escaped with escape_html.
struct HtmlSection {
  std::string title;
  std::string html;
};

// Returns a page with a title and an introduction, both plain text, and the
// sections in order. Its style sheet supports light and dark mode, narrow
// screens and printing.
std::string html_page(const std::string& title, const std::string& introduction,
                      const std::vector<HtmlSection>& sections);

// Returns the markup as it is or, if it has more than 40 `rows`, folded behind
// a summary, which is plain text.
std::string fold_if_long(const std::string& summary, const std::string& html,
                         size_t rows);

// Returns a table of plain-text cells. The first `text_columns` columns are
// aligned left, the others, which are numbers, right.
std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t text_columns);

// Returns a table of plain-text cells that a click on a column's header sorts,
// and a field that shows only the rows that contain a text. `text_columns` are
// the indices of the columns that are not numeric. If a row has a link, which
// is an address such as "#video-3", its first cell is one.
std::string sortable_table(const std::vector<std::string>& header,
                           const std::vector<std::vector<std::string>>& rows,
                           const std::vector<size_t>& text_columns,
                           const std::vector<std::string>& links = {});

}  // namespace gato::eval

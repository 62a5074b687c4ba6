// A page contains its style sheet and refers to no other file. All text passes
// escape_html() before it becomes part of the page.
#include "gato/eval/html_page.h"

#include <fmt/format.h>

#include <algorithm>

namespace gato::eval {
namespace {

constexpr const char* kStyleSheet = R"(
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2430;
  --soft: #5b6675; --grid: #e3e7ec; --tile: #f5f7f9; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d;
  --ink: #e6eaef; --soft: #9aa5b3; --grid: #2b323b; --tile: #1d232a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 40px 0 12px; }
p { max-width: 46em; }
p.introduction, .note, figcaption { color: var(--soft); }
.tiles { display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.tile { background: var(--tile); border-radius: 8px; padding: 12px 16px; }
.tile b { display: block; font-size: 26px; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px;
  font-variant-numeric: tabular-nums; }
th, td { padding: 6px 8px; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--grid); }
th { color: var(--soft); font-weight: 600; }
th.text, td.text { text-align: left; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 13px; }
svg text.tick { fill: var(--soft); font-size: 12px; }
svg text.title { fill: var(--soft); font-size: 13px; }
svg text.value { font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 0 0 8px; }
.legend i { display: inline-block; width: 11px; height: 11px;
  border-radius: 2px; margin-right: 6px; }
.pictures { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); }
figure { margin: 0; }
figure img { width: 128px; image-rendering: pixelated; border-radius: 6px; }
figure.wrong em { font-style: normal;
  text-decoration: underline 2px #d55e00; }
pre { overflow-x: auto; background: var(--tile); border-radius: 8px;
  padding: 12px 16px; font-size: 12.5px; }
.chart { overflow-x: auto; }
.chart svg { min-width: 620px; }
details { margin: 8px 0; }
summary { cursor: pointer; padding: 4px 0; }
summary b { margin-right: 8px; }
input.filter { font: inherit; color: inherit; background: var(--tile);
  border: 1px solid var(--grid); border-radius: 6px; padding: 6px 10px;
  width: min(100%, 22em); margin: 0 8px 8px 0; }
th button { font: inherit; color: inherit; background: none; border: 0;
  padding: 0; cursor: pointer; }
th[aria-sort=ascending] button::after { content: " \25b2"; }
th[aria-sort=descending] button::after { content: " \25bc"; }
td.wrap { white-space: normal; min-width: 9em; }
table.sortable { font-size: 13px; }
table.sortable th, table.sortable td { padding: 5px 6px; }
a { color: inherit; }
figure.video img, figure.video video { width: 100%; max-width: 256px; }
@media (max-width: 600px) { main { padding: 16px 12px 40px; }
  h1 { font-size: 22px; } .tile b { font-size: 20px; }
  .tiles { grid-template-columns: repeat(2, 1fr); } }
@media print { main { max-width: none; padding: 0; }
  body { font-size: 11px; } table { font-size: 9.5px; }
  th, td { padding: 2px 4px; } thead { display: table-header-group; }
  tr, figure, .tile { break-inside: avoid; }
  h2, summary { break-after: avoid; }
  .scroll, .chart, pre { overflow: visible; } pre { white-space: pre-wrap; }
  .chart svg { min-width: 0; max-height: 23cm; } input.filter { display: none; }
  td, td.wrap { white-space: normal; min-width: 0; } }
)";

// Sorts and filters the tables of class "sortable": numbers by value, with
// undefined ones ("-") last, anything else by text. Opens all details before
// the page is printed.
constexpr const char* kTableScript = R"(
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0], rows = [...body.rows];
  const text = (row, column) => row.cells[column].textContent;
  const compare = (a, b) => {
    const x = parseFloat(a.replace('[', '')), y = parseFloat(b.replace('[', ''));
    if (isNaN(x) || isNaN(y)) {
      return isNaN(x) && isNaN(y) ? a.localeCompare(b) : 0;
    }
    return x - y;
  };
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.onclick = () => {
      const isText = header.classList.contains('text');
      const ascending = header.ariaSort ? header.ariaSort !== 'ascending'
                                        : isText;
      for (const other of table.tHead.rows[0].cells) {
        other.ariaSort = null;
      }
      header.ariaSort = ascending ? 'ascending' : 'descending';
      const missing = row => !isText && isNaN(
          parseFloat(text(row, column).replace('[', '')));
      rows.sort((a, b) => missing(a) - missing(b) ||
          (ascending ? 1 : -1) * (isText
              ? text(a, column).localeCompare(text(b, column))
              : missing(a) ? 0 : compare(text(a, column), text(b, column))));
      body.append(...rows);
    };
  });
  const filter = table.closest('.table').querySelector('input.filter');
  const count = table.closest('.table').querySelector('.count');
  const show = () => {
    const wanted = filter.value.toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    count.textContent = shown === rows.length ? '' :
        `${shown} of ${rows.length}`;
  };
  filter.hidden = rows.length < 8;
  filter.oninput = show;
}
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) {
    details.open = true;
  }
});
)";

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string encode_url_path(std::string_view path) {
  constexpr std::string_view kUnchanged =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  std::string encoded;
  for (const char c : path) {
    if (kUnchanged.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return encoded;
}

std::string html_page(const std::string& title, const std::string& introduction,
                      const std::vector<HtmlSection>& sections) {
  std::string body;
  for (const HtmlSection& section : sections) {
    body += fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n",
                        escape_html(section.title), section.html);
  }
  if (body.find("<table class=\"sortable\">") != std::string::npos ||
      body.find("<details") != std::string::npos) {
    body += fmt::format("<script>{}</script>\n", kTableScript);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<main>\n"
      "<h1>{0}</h1>\n<p class=\"introduction\">{2}</p>\n{3}</main>\n</body>\n"
      "</html>\n",
      escape_html(title), kStyleSheet, escape_html(introduction), body);
}

std::string fold_if_long(const std::string& summary, const std::string& html,
                         size_t rows) {
  constexpr size_t kMaxUnfoldedRows = 40;
  return rows <= kMaxUnfoldedRows
             ? html
             : fmt::format(
                   "<details><summary><b>{}</b></summary>\n{}"
                   "</details>\n",
                   escape_html(summary), html);
}

std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows,
                       size_t text_columns) {
  const auto table_row = [text_columns](const std::vector<std::string>& cells,
                                        const char* tag) {
    std::string html = "<tr>";
    for (size_t c = 0; c < cells.size(); ++c) {
      html += fmt::format("<{0}{1}>{2}</{0}>", tag,
                          c < text_columns ? " class=\"text\"" : "",
                          escape_html(cells[c]));
    }
    return html + "</tr>\n";
  };
  std::string html = "<div class=\"scroll\"><table>\n<thead>" +
                     table_row(header, "th") + "</thead>\n<tbody>\n";
  for (const auto& row : rows) {
    html += table_row(row, "td");
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string sortable_table(const std::vector<std::string>& header,
                           const std::vector<std::vector<std::string>>& rows,
                           const std::vector<size_t>& text_columns,
                           const std::vector<std::string>& links) {
  const auto attribute = [&](size_t column, const char* name) {
    return std::ranges::count(text_columns, column) > 0
               ? fmt::format(" class=\"{}\"", name)
               : std::string();
  };
  std::string html =
      "<div class=\"table\"><input class=\"filter\" type=\"search\" hidden "
      "placeholder=\"Filter rows\" aria-label=\"Filter rows\"><span "
      "class=\"note count\"></span><div class=\"scroll\"><table "
      "class=\"sortable\">\n<thead><tr>";
  for (size_t c = 0; c < header.size(); ++c) {
    html += fmt::format("<th{}>{}</th>", attribute(c, "text"),
                        escape_html(header[c]));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (size_t r = 0; r < rows.size(); ++r) {
    html += "<tr>";
    for (size_t c = 0; c < rows[r].size(); ++c) {
      // Only the last column, often a note, may have several lines.
      const bool wraps = c + 1 == rows[r].size() && c > 0;
      std::string cell = escape_html(rows[r][c]);
      if (c == 0 && r < links.size() && !links[r].empty()) {
        cell =
            fmt::format("<a href=\"{}\">{}</a>", escape_html(links[r]), cell);
      }
      html += fmt::format("<td{}>{}</td>",
                          attribute(c, wraps ? "text wrap" : "text"), cell);
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div></div>\n";
}

}  // namespace gato::eval

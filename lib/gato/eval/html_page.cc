// A page contains its style sheet and refers to no other file. All text passes
// escape_html() before it becomes part of the page.
#include "gato/eval/html_page.h"

#include <fmt/format.h>

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
main { max-width: 1060px; margin: 0 auto; padding: 32px 24px 64px; }
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
@media print { main { max-width: none; padding: 0; } }
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

std::string html_page(const std::string& title, const std::string& introduction,
                      const std::vector<HtmlSection>& sections) {
  std::string body;
  for (const HtmlSection& section : sections) {
    body += fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n",
                        escape_html(section.title), section.html);
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n<main>\n"
      "<h1>{0}</h1>\n<p class=\"introduction\">{2}</p>\n{3}</main>\n</body>\n"
      "</html>\n",
      escape_html(title), kStyleSheet, escape_html(introduction), body);
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

}  // namespace gato::eval

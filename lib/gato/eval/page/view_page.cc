#include "gato/eval/page/view_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gato/eval/charts.h"
#include "gato/eval/page/view_style.h"
#include "gato/eval/svg.h"

namespace gato::eval {
namespace {

void insert_before(const std::string& mark, const std::string& text,
                   std::string& page) {
  page.insert(page.rfind(mark), text);
}

constexpr size_t kMaxBars = 24;

// Returns the edges of the bars.
std::vector<double> bar_edges(const std::vector<double>& sorted) {
  const double low = sorted.front(), high = sorted.back();
  const bool is_integer =
      std::ranges::all_of(sorted, [](double x) { return x == std::floor(x); });
  std::vector<double> edges;
  if (is_integer && high - low < static_cast<double>(kMaxBars)) {
    for (double x = low; x <= high + 1; ++x) {
      edges.push_back(x);
    }
    return edges;
  }
  const double width = high > low ? (high - low) / kMaxBars : 1;
  const size_t bars = high > low ? kMaxBars : 1;
  for (size_t i = 0; i <= bars; ++i) {
    edges.push_back(low + width * static_cast<double>(i));
  }
  return edges;
}

}  // namespace

std::string view_page(const std::string& title, const std::string& introduction,
                      const std::vector<HtmlSection>& sections) {
  std::string page = html_page(title, introduction, sections);
  insert_before("</head>", fmt::format("<style>{}</style>\n", kViewStyle),
                page);
  insert_before("</body>", fmt::format("<script>{}</script>\n", kViewScript),
                page);
  return page;
}

std::string tiles(
    const std::vector<std::pair<std::string, std::string>>& values) {
  std::string html = "<div class=\"tiles\">\n";
  for (const auto& [value, name] : values) {
    html += fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n",
                        escape_html(value), escape_html(name));
  }
  return html + "</div>\n";
}

HtmlSection findings_section(const std::vector<Finding>& findings) {
  if (findings.empty()) {
    return {"Checks",
            "<p class=\"note\">gato-info --check finds no problems with it as "
            "training data.</p>\n"};
  }
  std::string html =
      "<div class=\"scroll\"><table>\n<thead><tr><th class=\"text\">severity"
      "</th><th class=\"text\">check</th><th class=\"text\">key</th>"
      "<th class=\"text\">message</th></tr></thead>\n<tbody>\n";
  for (const Finding& finding : findings) {
    html += fmt::format(
        "<tr><td class=\"text {0}\">{0}</td><td class=\"text\">{1}</td>"
        "<td class=\"text\">{2}</td><td class=\"message\">{3}</td></tr>\n",
        severity_name(finding.severity), escape_html(finding.check),
        escape_html(finding.key), escape_html(finding.message));
  }
  return {"Checks", html + "</tbody>\n</table></div>\n"};
}

std::string script_json(const std::string& json) {
  std::string escaped;
  for (const char c : json) {
    if (c == '<') {
      escaped += "\\u003c";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string short_number(double value) {
  return fmt::format("{:.4g}", value == 0 ? 0.0 : value);
}

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t i = digits.size(); i > first + 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

std::string short_count(int64_t count) {
  if (count < 1000000) {
    return grouped(count);
  }
  const bool is_giga = count >= 1000000000;
  return fmt::format("{:.3g} {}",
                     static_cast<double>(count) / (is_giga ? 1e9 : 1e6),
                     is_giga ? "G" : "M");
}

std::string histogram(std::vector<double> values, const std::string& title) {
  std::erase_if(values, [](double x) { return !std::isfinite(x); });
  if (values.empty()) {
    return "";
  }
  std::ranges::sort(values);
  const std::vector<double> edges = bar_edges(values);
  const size_t bars = edges.size() - 1;
  std::vector<int64_t> counts(bars);
  for (const double x : values) {
    const auto next = std::ranges::upper_bound(edges, x) - edges.begin();
    ++counts[std::clamp<size_t>(static_cast<size_t>(next), 1, bars) - 1];
  }
  constexpr double kWidth = 420, kBottom = 150, kTop = 30, kLeft = 10;
  const double bar =
      std::min(60.0, (kWidth - 2 * kLeft) / static_cast<double>(bars));
  const auto highest = static_cast<double>(std::ranges::max(counts));
  Svg svg(kWidth, kBottom + 26, title);
  svg.text(kLeft, 14, title, Svg::Anchor::start, "title");
  svg.text(kWidth - kLeft, 14, fmt::format("most: {}", highest),
           Svg::Anchor::end, "tick");
  for (size_t i = 0; i < bars; ++i) {
    const double height =
        static_cast<double>(counts[i]) / highest * (kBottom - kTop);
    svg.rectangle(kLeft + bar * static_cast<double>(i) + 0.5, kBottom - height,
                  std::max(1.0, bar - 1), height, palette_color(0),
                  fmt::format("{} to {}: {}", short_number(edges[i]),
                              short_number(edges[i + 1]), counts[i]));
  }
  svg.line(kLeft, kBottom, kWidth - kLeft, kBottom, "var(--ink)");
  svg.text(kLeft, kBottom + 18, short_number(values.front()),
           Svg::Anchor::start, "tick");
  svg.text(kWidth / 2, kBottom + 18,
           fmt::format("median {}", short_number(values[values.size() / 2])),
           Svg::Anchor::middle, "tick");
  svg.text(kWidth - kLeft, kBottom + 18, short_number(values.back()),
           Svg::Anchor::end, "tick");
  return svg.str();
}

}  // namespace gato::eval

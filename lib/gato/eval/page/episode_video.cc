// The charts are drawn here, with one polyline per element; the script of
// view_page() moves their cursors and replaces the images.
#include "gato/eval/page/episode_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gato/eval/charts.h"
#include "gato/eval/html_page.h"
#include "gato/eval/page/data_url.h"
#include "gato/eval/page/view_page.h"
#include "gato/eval/svg.h"
#include "gato/ingest/utf8.h"

namespace gato::eval {
namespace {

constexpr int64_t kMaxElements = 8;  // per chart
constexpr size_t kMaxCharts = 12, kMaxTextBytes = 300;
constexpr int64_t kMaxSteps = 2000, kMaxPoints = 600;
constexpr double kWidth = 860, kLeft = 70, kRight = 840;

// A chart of a few elements of a column over the steps.
struct Curves {
  std::string title;
  std::vector<std::vector<double>> values;  // [element][step]
  bool is_discrete = false;
};

std::string curves_chart(const Curves& curves, int64_t steps) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& element : curves.values) {
    for (const double x : element) {
      if (std::isfinite(x)) {
        low = std::min(low, x);
        high = std::max(high, x);
      }
    }
  }
  if (low > high) {
    low = high = 0;
  }
  constexpr double kTop = 26, kBottom = 106;
  Svg svg(kWidth, kBottom + 8, curves.title);
  svg.text(kLeft, 14, curves.title, Svg::Anchor::start, "title");
  for (const auto& [value, y] :
       {std::pair{high, kTop}, std::pair{low, kBottom}}) {
    svg.line(kLeft, y, kRight, y, "var(--grid)");
    svg.text(kLeft - 8, y + 4, short_number(value), Svg::Anchor::end, "tick");
  }
  const double range = high > low ? high - low : 1;
  const int64_t stride = (steps + kMaxPoints - 1) / kMaxPoints;
  for (size_t e = 0; e < curves.values.size(); ++e) {
    std::vector<std::pair<double, double>> points;
    for (int64_t t = 0; t < steps; t += stride) {
      const double value = curves.values[e][static_cast<size_t>(t)];
      if (!std::isfinite(value)) {
        continue;
      }
      const double x =
          kLeft + (kRight - kLeft) * static_cast<double>(t) /
                      static_cast<double>(std::max<int64_t>(1, steps - 1));
      const double y = kBottom - (value - low) / range * (kBottom - kTop);
      if (curves.is_discrete && !points.empty()) {
        points.emplace_back(x, points.back().second);
      }
      points.emplace_back(x, y);
    }
    svg.polyline(points, palette_color(e), 1.5);
  }
  std::string html = svg.str();
  html.insert(html.rfind("</svg>"),
              fmt::format("<line class=\"cursor\" x1=\"{0}\" x2=\"{0}\" "
                          "y1=\"{1}\" y2=\"{2}\"/>\n",
                          kLeft, kTop - 6, kBottom));
  return html;
}

// Returns the curves of a numeric field.
Curves curves_of(const data::Array& column, const data::Field& field,
                 const char* part, int64_t steps) {
  const int64_t elements = data::element_count(field.shape);
  const int64_t shown = std::min(elements, kMaxElements);
  Curves curves;
  curves.title =
      field.name == part ? part : fmt::format("{} {}", part, field.name);
  if (shown < elements) {
    curves.title +=
        fmt::format(", elements 0 to {} of {}", shown - 1, elements);
  }
  curves.is_discrete = field.role == data::Role::discrete;
  for (int64_t e = 0; e < shown; ++e) {
    auto& values = curves.values.emplace_back();
    for (int64_t t = 0; t < steps; ++t) {
      values.push_back(column.as_double(t * elements + e));
    }
  }
  return curves;
}

bool is_numeric(const data::Field& field) {
  return field.role == data::Role::discrete ||
         field.role == data::Role::continuous;
}

class Video {
 public:
  Video(const data::Episode& episode, const data::TaskSpec& spec,
        int64_t max_bytes)
      : episode_(episode),
        spec_(spec),
        steps_(std::min(episode.step_count(), kMaxSteps)) {
    add_charts();
    add_values();
    add_frames(max_bytes - static_cast<int64_t>(charts_.size()) -
               static_cast<int64_t>(data_.dump().size()));
  }

  std::string html() const {
    std::string screens;
    for (size_t k = 0; k < image_names_.size(); ++k) {
      screens += fmt::format(
          "<figure><img alt=\"\" src=\"{}\"><figcaption>{}</figcaption>"
          "</figure>\n",
          data_["frames"][k].at(0).get<std::string>(),
          escape_html(image_names_[k]));
    }
    std::string note;
    if (steps_ < episode_.step_count()) {
      note = fmt::format("the first {} of {} steps", steps_,
                         episode_.step_count());
    }
    if (stride_ > 1) {
      note += fmt::format(
          "{}one frame for {} steps, so that the page stays small (--max-size)",
          note.empty() ? "" : "; ", stride_);
    }
    return fmt::format(
        "<div class=\"video\">\n<script type=\"application/json\">{}</script>\n"
        "<div class=\"screens\">{}</div>\n"
        "<div class=\"controls\"><button type=\"button\">Play</button>"
        "<input type=\"range\" min=\"0\" max=\"{}\" value=\"0\" "
        "aria-label=\"Step\"><output></output></div>\n"
        "<p class=\"now\">{}</p>\n<div class=\"scroll\">{}</div>{}</div>\n",
        script_json(data_.dump(-1, ' ', false,
                               nlohmann::json::error_handler_t::replace)),
        screens, std::max<int64_t>(0, steps_ - 1),
        escape_html(data_["values"].empty()
                        ? std::string()
                        : data_["values"][0].get<std::string>()),
        charts_,
        note.empty() ? "" : fmt::format("<p class=\"note\">{}.</p>\n", note));
  }

 private:
  void add_charts() {
    std::vector<Curves> all;
    for (size_t i = 0; i < spec_.action_fields.size(); ++i) {
      if (is_numeric(spec_.action_fields[i])) {
        all.push_back(curves_of(std::get<data::Array>(episode_.actions[i]),
                                spec_.action_fields[i], "action", steps_));
      }
    }
    if (!episode_.rewards.empty()) {
      all.push_back(
          {"reward",
           {{episode_.rewards.begin(), episode_.rewards.begin() + steps_}},
           false});
    }
    for (size_t i = 0; i < spec_.observation_fields.size(); ++i) {
      if (is_numeric(spec_.observation_fields[i])) {
        all.push_back(curves_of(std::get<data::Array>(episode_.observations[i]),
                                spec_.observation_fields[i], "observation",
                                steps_));
      }
    }
    all.resize(std::min(all.size(), kMaxCharts));
    for (const Curves& curves : all) {
      charts_ += curves_chart(curves, steps_);
    }
  }

  // The texts and discrete actions of each step, and its reward.
  void add_values() {
    data_ = {{"steps", steps_}, {"low", kLeft}, {"high", kRight}};
    data_["values"] = nlohmann::json::array();
    for (int64_t t = 0; t < steps_; ++t) {
      const auto row = static_cast<size_t>(t);
      std::string line;
      for (size_t i = 0; i < spec_.observation_fields.size(); ++i) {
        if (const auto* texts = std::get_if<std::vector<std::string>>(
                &episode_.observations[i])) {
          line += fmt::format("{} \"{}\"  ", spec_.observation_fields[i].name,
                              ingest::escape_invalid_utf8(
                                  (*texts)[row].substr(0, kMaxTextBytes)));
        }
      }
      for (size_t i = 0; i < spec_.action_fields.size(); ++i) {
        const auto* array = std::get_if<data::Array>(&episode_.actions[i]);
        if (array != nullptr) {
          line += action_text(*array, spec_.action_fields[i], t);
        }
      }
      if (!episode_.rewards.empty()) {
        line += fmt::format("reward {}", short_number(episode_.rewards[row]));
      }
      data_["values"].push_back(line);
    }
  }

  static std::string action_text(const data::Array& array,
                                 const data::Field& field, int64_t t) {
    const int64_t elements = data::element_count(field.shape);
    std::string text = field.name + " ";
    for (int64_t e = 0; e < std::min(elements, kMaxElements); ++e) {
      text += short_number(array.as_double(t * elements + e)) + " ";
    }
    return text + (elements > kMaxElements ? "...  " : "  ");
  }

  // Chooses the stride so that all frames have about `max_bytes`, judging by
  // some of them.
  void add_frames(int64_t max_bytes) {
    std::vector<const data::Array*> columns;
    for (size_t i = 0; i < spec_.observation_fields.size(); ++i) {
      if (spec_.observation_fields[i].role == data::Role::image) {
        columns.push_back(std::get_if<data::Array>(&episode_.observations[i]));
        image_names_.push_back(spec_.observation_fields[i].name);
      }
    }
    data_["frames"] = nlohmann::json::array();
    if (columns.empty() || steps_ == 0) {
      image_names_.clear();
      data_["stride"] = 1;
      return;
    }
    constexpr int64_t kSamples = 5;
    int64_t sampled = 0;
    for (int64_t i = 0; i < kSamples; ++i) {
      for (const data::Array* column : columns) {
        sampled += static_cast<int64_t>(
            frame_url(*column, steps_ * i / kSamples).size());
      }
    }
    const int64_t bytes_per_step = std::max<int64_t>(1, sampled / kSamples);
    const int64_t frames =
        std::max<int64_t>(1, max_bytes * 9 / 10 / bytes_per_step);
    stride_ = (steps_ + frames - 1) / frames;
    data_["stride"] = stride_;
    for (const data::Array* column : columns) {
      auto urls = nlohmann::json::array();
      for (int64_t t = 0; t < steps_; t += stride_) {
        urls.push_back(frame_url(*column, t));
      }
      data_["frames"].push_back(std::move(urls));
    }
  }

  static std::string frame_url(const data::Array& column, int64_t t) {
    return image_data_url(shown_image(column.row(t)));
  }

  const data::Episode& episode_;
  const data::TaskSpec& spec_;
  int64_t steps_, stride_ = 1;
  std::string charts_;
  std::vector<std::string> image_names_;
  nlohmann::json data_;
};

}  // namespace

std::string episode_video(const data::Episode& episode,
                          const data::TaskSpec& spec, int64_t max_bytes) {
  return Video(episode, spec, max_bytes).html();
}

}  // namespace gato::eval

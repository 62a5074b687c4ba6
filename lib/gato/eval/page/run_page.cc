// All curves are collected in one pass over metrics.jsonl, by a path such as
// "domain/grid". A run that was resumed from an earlier checkpoint has written
// some steps twice; the later lines count.
#include "gato/eval/page/run_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/eval/charts.h"
#include "gato/eval/page/view_page.h"
#include "gato/eval/training_section.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Points = std::vector<std::pair<double, double>>;

constexpr size_t kMaxPoints = 400, kMaxSeries = 12;

class Metrics {
 public:
  explicit Metrics(const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      return;  // the first line creates the file
    }
    base::check_readable(path);
    std::ifstream stream(path);
    bool has_other_lines = false;
    for (std::string text; std::getline(stream, text);) {
      // The last line of a run that trains, or that was killed, may be torn.
      const json line = json::parse(text, nullptr, false);
      if (line.is_object() && line.contains("step") &&
          line["step"].is_number()) {
        add(line);
      } else {
        has_other_lines |= line.is_object();
      }
    }
    if (curves_.empty() && has_other_lines) {
      throw base::input_error("{}: no line has a step and a loss",
                              path.string());
    }
  }

  bool empty() const { return curves_.empty(); }

  // Returns a curve; empty if there is none.
  const Points& curve(const std::string& path) const {
    static const Points kNone;
    const auto found = curves_.find(path);
    return found == curves_.end() ? kNone : found->second;
  }

  // Returns the curves below a path, by the names that follow it: at most
  // kMaxSeries, those of the highest last values.
  std::vector<Series> curves_below(const std::string& path) const {
    std::vector<Series> below;
    for (auto it = curves_.lower_bound(path); it != curves_.end(); ++it) {
      if (!it->first.starts_with(path)) {
        break;
      }
      below.push_back({it->first.substr(path.size()), it->second});
    }
    if (below.size() > kMaxSeries) {
      std::ranges::sort(below, std::greater{}, [](const Series& series) {
        return series.points.back().second;
      });
      below.resize(kMaxSeries);
      std::ranges::sort(below, {}, &Series::name);
    }
    return below;
  }

  const std::string& last_time() const { return last_time_; }

 private:
  void add(const json& line) {
    const double step = line["step"].get<double>();
    if (line.contains("time") && line["time"].is_string()) {
      last_time_ = line["time"].get<std::string>();
    }
    if (line.contains("validation") && line["validation"].is_object()) {
      add_losses("validation/", step, line["validation"]);
      return;
    }
    for (const char* key :
         {"learning_rate", "gradient_norm", "tokens_per_second"}) {
      add_point(key, step, line, key);
    }
    add_losses("", step, line);
  }

  void add_losses(const std::string& prefix, double step, const json& object) {
    add_point(prefix + "loss", step, object, "loss");
    for (const char* group : {"domain", "modality", "task"}) {
      if (!object.contains(group) || !object[group].is_object()) {
        continue;
      }
      for (const auto& [name, entry] : object[group].items()) {
        if (entry.is_object()) {
          add_point(prefix + group + "/" + name, step, entry, "loss");
        }
      }
    }
  }

  void add_point(const std::string& path, double step, const json& object,
                 const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) {
      return;
    }
    Points& points = curves_[path];
    while (!points.empty() && points.back().first >= step) {
      points.pop_back();
    }
    points.emplace_back(step, found->get<double>());
  }

  std::map<std::string, Points> curves_;
  std::string last_time_;
};

std::string legend(const std::vector<Series>& series) {
  std::string html = "<div class=\"legend\">";
  for (size_t i = 0; i < series.size(); ++i) {
    html += fmt::format("<span><i style=\"background:{}\"></i>{}</span>",
                        palette_color(i), escape_html(series[i].name));
  }
  return html + "</div>\n";
}

std::string chart(std::vector<Series> series, const std::string& y_title) {
  std::erase_if(series, [](const Series& s) { return s.points.empty(); });
  if (series.empty()) {
    return "";
  }
  for (Series& one : series) {
    one.points = downsample(one.points, kMaxPoints);
  }
  return (series.size() > 1 ? legend(series) : "") +
         line_chart(series, "step", y_title, /*has_legend=*/false);
}

std::string overview(const fs::path& directory, const Metrics& metrics) {
  const Points& loss = metrics.curve("loss");
  std::vector<std::pair<std::string, std::string>> values;
  if (!loss.empty()) {
    values.emplace_back(grouped(static_cast<int64_t>(loss.back().first)),
                        "steps");
    values.emplace_back(short_number(loss.back().second), "last loss");
  }
  const Points& validation = metrics.curve("validation/loss");
  if (!validation.empty()) {
    const auto best = std::ranges::min_element(
        validation, {}, [](const auto& point) { return point.second; });
    values.emplace_back(
        short_number(best->second),
        fmt::format("lowest validation loss, at step {:.0f}", best->first));
  }
  const Points& speed = metrics.curve("tokens_per_second");
  if (!speed.empty()) {
    values.emplace_back(grouped(static_cast<int64_t>(speed.back().second)),
                        "tokens per second");
  }
  values.emplace_back(
      std::to_string(data::list_checkpoint_steps(directory).size()),
      "checkpoints");
  std::error_code ignored;
  const bool is_training = fs::exists(directory / ".lock", ignored);
  std::string note = metrics.empty() ? "No step has been logged yet. " : "";
  note += is_training ? "It was training when this page was written"
                      : "It was not training when this page was written";
  if (!metrics.last_time().empty()) {
    note += fmt::format("; the last line of its metrics is of {}",
                        metrics.last_time());
  }
  return tiles(values) +
         fmt::format("<p class=\"note\">{}.</p>\n", escape_html(note));
}

}  // namespace

std::vector<HtmlSection> run_sections(const fs::path& directory,
                                      const std::vector<Finding>& findings) {
  const Metrics metrics(directory / "metrics.jsonl");
  if (metrics.empty()) {
    return {{"Overview", overview(directory, metrics)},
            findings_section(findings)};
  }
  std::vector<HtmlSection> sections = {
      {"Overview", overview(directory, metrics)},
      {"Loss", chart({{"training", metrics.curve("loss")},
                      {"validation", metrics.curve("validation/loss")}},
                     "loss")},
      findings_section(findings)};
  for (const auto& [title, path] :
       {std::pair{"Loss by domain", "domain/"},
        std::pair{"Loss by modality", "modality/"},
        std::pair{"Loss by task", "task/"},
        std::pair{"Validation loss by domain", "validation/domain/"},
        std::pair{"Validation loss by task", "validation/task/"}}) {
    const std::vector<Series> curves = metrics.curves_below(path);
    // A single curve is that of all.
    if (curves.size() > 1) {
      std::string html = chart(curves, "loss");
      if (curves.size() == kMaxSeries) {
        html += fmt::format(
            "<p class=\"note\">At most {} curves are shown: those of the "
            "highest last loss.</p>\n",
            kMaxSeries);
      }
      sections.push_back({title, html});
    }
  }
  sections.push_back(
      {"Optimization",
       chart({{"learning rate", metrics.curve("learning_rate")}},
             "learning rate") +
           chart({{"gradient norm", metrics.curve("gradient_norm")}},
                 "gradient norm") +
           chart({{"tokens per second", metrics.curve("tokens_per_second")}},
                 "tokens per second")});
  return sections;
}

}  // namespace gato::eval

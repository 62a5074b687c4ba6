#include "gato/eval/extra_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/eval/charts.h"
#include "gato/eval/svg.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Calls use(object, where) for each line of JSON.
template <class Use>
void for_each_json_line(const fs::path& path, Use use) {
  std::istringstream lines(base::read_file(path));
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    const std::string where = fmt::format("{}:{}", path.string(), number);
    if (!object.is_object())
      throw base::input_error("{}: is no JSON object", where);
    use(object, where);
  }
}

// Neighbours averaged, so that at most `most` points are left.
std::vector<std::pair<double, double>> downsample(
    const std::vector<std::pair<double, double>>& points, size_t max_points) {
  const size_t group = (points.size() + max_points - 1) / max_points;
  std::vector<std::pair<double, double>> averaged;
  for (size_t i = 0; i < points.size(); i += group) {
    const size_t end = std::min(points.size(), i + group);
    double x = 0, y = 0;
    for (size_t j = i; j < end; ++j) {
      x += points[j].first;
      y += points[j].second;
    }
    averaged.push_back(
        {x / static_cast<double>(end - i), y / static_cast<double>(end - i)});
  }
  return averaged;
}

std::string encode_base64(const std::string& bytes) {
  constexpr const char* digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = i; j < i + 3; ++j)
      group = group << 8 |
              (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0);
    for (size_t j = 0; j < 4; ++j)
      text += i + j <= bytes.size() ? digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

// The type of an image file that browsers show, by its first bytes.
std::string image_media_type(const std::string& bytes, const fs::path& path) {
  if (bytes.starts_with("\x89PNG")) return "image/png";
  if (bytes.starts_with("\xff\xd8")) return "image/jpeg";
  if (bytes.starts_with("GIF8")) return "image/gif";
  throw base::input_error("{}: is no PNG, JPEG or GIF image", path.string());
}

std::string string_at(const json& object, const char* key,
                      const std::string& where) {
  if (!object.contains(key) || !object[key].is_string())
    throw base::input_error("{}: has no text \"{}\"", where, key);
  return object[key].get<std::string>();
}

// Captions by file name, from a file in the layout of COCO.
std::map<std::string, std::vector<std::string>> read_coco_captions(
    const fs::path& path) {
  const json document =
      json::parse(base::read_file(path), nullptr, /*allow_exceptions=*/false);
  try {
    std::map<int64_t, std::string> names;
    for (const json& image : document.at("images"))
      names[image.at("id").get<int64_t>()] =
          fs::path(image.at("file_name").get<std::string>()).filename();
    std::map<std::string, std::vector<std::string>> captions;
    for (const json& annotation : document.at("annotations"))
      captions[names.at(annotation.at("image_id").get<int64_t>())].push_back(
          annotation.at("caption").get<std::string>());
    return captions;
  } catch (const std::exception& error) {
    throw base::input_error("{}: is no COCO captions file: {}", path.string(),
                            error.what());
  }
}

bool is_exact_match(const CaptionSample& sample) {
  return std::ranges::find(sample.references, sample.caption) !=
         sample.references.end();
}

bool is_mismatch(const CaptionSample& sample) {
  return !sample.references.empty() && !is_exact_match(sample);
}

// Which pictures are shown, and what marks those with a wrong caption.
std::string selection_note(std::span<const CaptionSample> shown,
                           size_t samples) {
  std::string text =
      shown.size() == samples
          ? fmt::format("All {} pictures", samples)
          : fmt::format("The first {} of {} pictures", shown.size(), samples);
  text += ", in the order in which they were captioned.";
  if (const auto wrong = std::ranges::count_if(shown, is_mismatch); wrong > 0)
    text += fmt::format(
        " Underlined: the captions that are wrong, {} of those shown; under "
        "each stands a right one.",
        wrong);
  return text;
}

std::string figure_html(const CaptionSample& sample) {
  const std::string bytes = base::read_file(sample.image);
  const std::string image_tag =
      fmt::format("<img alt=\"\" src=\"data:{};base64,{}\">",
                  image_media_type(bytes, sample.image), encode_base64(bytes));
  const std::string caption = escape_html(sample.caption);
  if (!is_mismatch(sample))
    return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                       image_tag, caption);
  return fmt::format(
      "<figure class=\"wrong\">{}<figcaption><em>{}</em><br>{}</figcaption>"
      "</figure>\n",
      image_tag, caption, escape_html(sample.references.front()));
}

}  // namespace

HtmlSection training_section(const fs::path& metrics_file) {
  Series loss{"loss", {}};
  for_each_json_line(metrics_file, [&](const json& line, const std::string&) {
    if (line.contains("step") && line["step"].is_number() &&
        line.contains("loss") && line["loss"].is_number())
      loss.points.push_back(
          {line["step"].get<double>(), line["loss"].get<double>()});
  });
  if (loss.points.empty())
    throw base::input_error("{}: holds no line with step and loss",
                            metrics_file.string());
  const double last = loss.points.back().second;
  const std::string text =
      fmt::format("<p class=\"note\">{:.0f} steps, last loss {:.4f}.</p>\n",
                  loss.points.back().first, last);
  loss.points = downsample(loss.points, 400);
  return {"Training", line_chart({loss}, "step", "loss") + text};
}

std::vector<CaptionSample> read_caption_samples(const fs::path& captions,
                                                const fs::path& references) {
  std::map<std::string, std::vector<std::string>> references_by_name;
  if (!references.empty()) references_by_name = read_coco_captions(references);
  std::vector<CaptionSample> samples;
  for_each_json_line(captions, [&](const json& line, const std::string& where) {
    CaptionSample sample;
    sample.image = string_at(line, "image", where);
    sample.caption = string_at(line, "caption", where);
    const fs::path beside = captions.parent_path() / sample.image;
    if (fs::exists(beside)) sample.image = beside;
    const auto found = references_by_name.find(sample.image.filename());
    if (found != references_by_name.end()) sample.references = found->second;
    samples.push_back(std::move(sample));
  });
  return samples;
}

ExactMatchCounts count_exact_matches(
    const std::vector<CaptionSample>& samples) {
  ExactMatchCounts exact;
  for (const CaptionSample& sample : samples) {
    exact.with_references += !sample.references.empty();
    exact.exact_matches += is_exact_match(sample);
  }
  return exact;
}

HtmlSection caption_section(const std::vector<CaptionSample>& samples,
                            size_t limit) {
  std::string html;
  const ExactMatchCounts exact = count_exact_matches(samples);
  if (exact.with_references > 0)
    html +=
        fmt::format("<p>{} of {} captions ({:.1f} %) are exactly right.</p>\n",
                    exact.exact_matches, exact.with_references,
                    100.0 * static_cast<double>(exact.exact_matches) /
                        static_cast<double>(exact.with_references));
  const std::span shown(samples.data(), std::min(limit, samples.size()));
  html += "<p class=\"note\">" + selection_note(shown, samples.size()) +
          "</p>\n<div class=\"pictures\">\n";
  for (const CaptionSample& sample : shown) html += figure_html(sample);
  return {"Captions of unseen pictures", html + "</div>\n"};
}

}  // namespace gato::eval

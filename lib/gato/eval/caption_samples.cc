// Captions are matched with their references by the file name of the image,
// because the two files may give different folders. Images are embedded as data
// URLs, so that the page needs no other file.
#include "gato/eval/caption_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/eval/json_lines.h"
#include "gato/eval/svg.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/images/image_format.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/coco.h"

namespace gato::eval {
namespace {

namespace fs = std::filesystem;
using CaptionsByName = std::map<std::string, std::vector<std::string>>;

// Returns the captions of a COCO file by the file names of their images.
// Caption ids are not needed.
CaptionsByName read_references(const fs::path& path) {
  const ingest::JoinedImageTexts coco =
      ingest::read_coco_captions(path.string(), /*requires_caption_ids=*/false);
  if (!coco.errors.empty()) {
    throw base::input_error("{}", coco.errors.front());
  }
  CaptionsByName captions;
  for (const auto& record : coco.records) {
    const fs::path image = coco.image_paths[record.image_index];
    captions[image.filename()].push_back(record.suffixes.front());
  }
  return captions;
}

bool is_exact_match(const CaptionSample& sample) {
  return std::ranges::find(sample.references, sample.caption) !=
         sample.references.end();
}

bool is_mismatch(const CaptionSample& sample) {
  return !sample.references.empty() && !is_exact_match(sample);
}

// Says which images are shown and how wrong captions are marked.
std::string selection_note(std::span<const CaptionSample> shown,
                           size_t sample_count) {
  std::string text = shown.size() == sample_count
                         ? fmt::format("All {} images", sample_count)
                         : fmt::format("The first {} of {} images",
                                       shown.size(), sample_count);
  text += ", in the order in which they were captioned.";
  const auto wrong = std::ranges::count_if(shown, is_mismatch);
  if (wrong > 0) {
    text += fmt::format(
        " Captions that match no reference, {} of those shown, are underlined "
        "and followed by a reference.",
        wrong);
  }
  return text;
}

std::string media_type(const std::string& bytes, const fs::path& path) {
  const auto format = ingest::detect_image_format(
      {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  const char* type = format ? ingest::image_media_type(*format) : nullptr;
  if (type == nullptr) {
    throw base::input_error(
        "{}: not an image that browsers display: convert it to PNG, JPEG, WebP "
        "or GIF",
        path.string());
  }
  return type;
}

std::string figure_html(const CaptionSample& sample) {
  const std::string bytes = base::read_file(sample.image);
  const std::string image_tag = fmt::format(
      "<img alt=\"\" src=\"data:{};base64,{}\">",
      media_type(bytes, sample.image), ingest::encode_base64(bytes));
  const std::string caption = escape_html(sample.caption);
  if (!is_mismatch(sample)) {
    return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                       image_tag, caption);
  }
  return fmt::format(
      "<figure class=\"wrong\">{}<figcaption><em>{}</em><br>{}</figcaption>"
      "</figure>\n",
      image_tag, caption, escape_html(sample.references.front()));
}

}  // namespace

std::vector<CaptionSample> read_caption_samples(const fs::path& captions,
                                                const fs::path& references) {
  CaptionsByName references_by_name;
  if (!references.empty()) {
    references_by_name = read_references(references);
  }
  std::vector<CaptionSample> samples;
  for_each_json_line(captions, [&](nlohmann::json& line) {
    CaptionSample sample;
    sample.image = ingest::take_string_at(line, "image");
    sample.caption = ingest::take_string_at(line, "caption");
    const fs::path sibling = captions.parent_path() / sample.image;
    if (fs::exists(sibling)) {
      sample.image = sibling;
    }
    const auto found = references_by_name.find(sample.image.filename());
    if (found != references_by_name.end()) {
      sample.references = found->second;
    }
    samples.push_back(std::move(sample));
  });
  return samples;
}

ExactMatchCounts count_exact_matches(
    const std::vector<CaptionSample>& samples) {
  ExactMatchCounts counts;
  for (const CaptionSample& sample : samples) {
    counts.with_references += !sample.references.empty();
    counts.exact_matches += is_exact_match(sample);
  }
  return counts;
}

HtmlSection caption_section(const std::vector<CaptionSample>& samples,
                            size_t limit) {
  std::string html;
  const ExactMatchCounts counts = count_exact_matches(samples);
  if (counts.with_references > 0) {
    html += fmt::format(
        "<p>{} of {} captions ({:.1f}%) match a reference exactly.</p>\n",
        counts.exact_matches, counts.with_references,
        100.0 * static_cast<double>(counts.exact_matches) /
            static_cast<double>(counts.with_references));
  }
  const std::span shown(samples.data(), std::min(limit, samples.size()));
  html += "<p class=\"note\">" + selection_note(shown, samples.size()) +
          "</p>\n<div class=\"pictures\">\n";
  for (const CaptionSample& sample : shown) {
    html += figure_html(sample);
  }
  return {"Captions", html + "</div>\n"};
}

}  // namespace gato::eval

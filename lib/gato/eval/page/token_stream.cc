// Each token is an <i> whose class is its modality. The patches of an image
// share one data URL, of which each shows its part.
#include "gato/eval/page/token_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "gato/base/error.h"
#include "gato/eval/html_page.h"
#include "gato/eval/page/data_url.h"
#include "gato/eval/page/view_page.h"
#include "gato/ingest/utf8.h"

namespace gato::eval {
namespace {

constexpr int kPatchSide = 16;
constexpr std::string_view kWordMark = "\xe2\x96\x81";

// Returns the pixels of an image whose patches are in the document.
data::Image assemble(const data::TokenizedDocument& document,
                     const data::TokenizedImage& image,
                     const TokenStream::PatchPixels& pixels_of) {
  data::Image whole;
  whole.height = image.rows * kPatchSide;
  whole.width = image.columns * kPatchSide;
  whole.pixels.resize(static_cast<size_t>(whole.height) * whole.width * 3);
  const auto first = static_cast<size_t>(image.first_token);
  for (int row = 0; row < image.rows; ++row) {
    for (int column = 0; column < image.columns; ++column) {
      const auto token =
          first + static_cast<size_t>(row * image.columns + column);
      const uint8_t* pixels =
          pixels_of(data::patch_index(document.tokens[token]));
      for (int y = 0; y < kPatchSide; ++y) {
        const size_t at = (static_cast<size_t>(row * kPatchSide + y) *
                               static_cast<size_t>(whole.width) +
                           static_cast<size_t>(column * kPatchSide)) *
                          3;
        std::memcpy(&whole.pixels[at], pixels + y * kPatchSide * 3,
                    kPatchSide * 3);
      }
    }
  }
  return whole;
}

std::string image_html(const data::TokenizedDocument& document,
                       const data::TokenizedImage& image,
                       const TokenStream::PatchPixels& pixels_of) {
  const data::Image whole = assemble(document, image, pixels_of);
  std::string html = fmt::format(
      "<span class=\"image\" style=\"grid-template-columns:repeat({},16px);"
      "--u:url({})\">",
      image.columns, image_data_url(whole, 20000));
  const auto first = static_cast<size_t>(image.first_token);
  for (int row = 0; row < image.rows; ++row) {
    for (int column = 0; column < image.columns; ++column) {
      const auto token =
          first + static_cast<size_t>(row * image.columns + column);
      html += fmt::format(
          "<i style=\"background-position:{}px {}px\" title=\"patch {},{} of "
          "{}x{}, number {}\"></i>",
          -column * kPatchSide, -row * kPatchSide, row, column, image.rows,
          image.columns, data::patch_index(document.tokens[token]));
    }
  }
  return html + "</span>";
}

}  // namespace

TokenStream::TokenStream(const data::Vocabulary& vocabulary,
                         const data::TaskTable& tasks)
    : vocabulary_(vocabulary) {
  if (!vocabulary.sentencepiece_model.empty()) {
    text_encoder_.emplace(vocabulary.sentencepiece_model);
  }
  using Kind = tokenize::FieldCodec::Kind;
  for (const data::TaskEntry& task : tasks.tasks) {
    observations_.push_back(
        make_part(task.spec.observation_fields, Kind::observation, vocabulary));
    actions_.push_back(
        make_part(task.spec.action_fields, Kind::action, vocabulary));
  }
}

TokenStream::Part TokenStream::make_part(const std::vector<data::Field>& fields,
                                         tokenize::FieldCodec::Kind kind,
                                         const data::Vocabulary& vocabulary) {
  Part part;
  for (const data::Field& field : fields) {
    if (field.role == data::Role::discrete ||
        field.role == data::Role::continuous) {
      part.codecs.emplace_back(field, kind, vocabulary);
      part.tokens += static_cast<size_t>(part.codecs.back().tokens());
    }
  }
  return part;
}

void TokenStream::describe(const data::TokenizedDocument& document,
                           size_t first, const Part& part,
                           std::vector<std::string>& values,
                           std::vector<std::string>& keys) {
  for (const tokenize::FieldCodec& codec : part.codecs) {
    const auto count = static_cast<size_t>(codec.tokens());
    try {
      const data::Array array =
          codec.decode({document.tokens.data() + first, count});
      for (size_t e = 0; e < count; ++e) {
        values[first + e] =
            short_number(array.as_double(static_cast<int64_t>(e)));
        keys[first + e] = count == 1
                              ? codec.field().name
                              : fmt::format("{}[{}]", codec.field().name, e);
      }
    } catch (const base::Error&) {
      return;  // the tokens are not those of the task; shown as ids
    }
    first += count;
  }
}

std::string TokenStream::text_of(int32_t id) const {
  if (!text_encoder_ || id < 0 || id >= text_encoder_->size()) {
    return std::to_string(id);
  }
  std::string piece = text_encoder_->piece(id);
  if (piece.starts_with(kWordMark)) {
    piece.replace(0, kWordMark.size(), 1, ' ');
  }
  return ingest::escape_invalid_utf8(piece);
}

std::string TokenStream::token_html(const data::TokenizedDocument& document,
                                    size_t position, const std::string& value,
                                    const std::string& key) const {
  const data::Modality modality = document.modality[position];
  const int32_t id = document.tokens[position];
  std::string shown = value, title;
  if (modality == data::Modality::separator) {
    shown = "|";
  } else if (modality == data::Modality::text) {
    shown = text_of(id);
  } else if (shown.empty()) {
    shown = std::to_string(id);
  }
  if (!key.empty()) {
    title = fmt::format("{} = {}, ", key, value);
  }
  title += fmt::format("{}, id {}",
                       data::kModalityNames[static_cast<size_t>(modality)], id);
  if (modality == data::Modality::continuous_observation ||
      modality == data::Modality::continuous_action) {
    title += fmt::format(", bin {}", id - vocabulary_.continuous_begin());
  }
  std::string css = fmt::format("m{}", static_cast<int>(modality));
  if (data::is_target(modality)) {
    css += " target";
    title += ", target";
  }
  if (!document.labels.empty() && document.labels[position] != id) {
    css += " label";
    title += fmt::format(", label {}", document.labels[position]);
  }
  return fmt::format("<i class=\"{}\" title=\"{}\">{}</i>", css,
                     escape_html(title), escape_html(shown));
}

std::string TokenStream::step_html(const data::TokenizedDocument& document,
                                   size_t begin, size_t end,
                                   const PatchPixels& pixels_of) const {
  const auto task = static_cast<size_t>(document.task_index);
  const auto separator = static_cast<size_t>(
      std::find(document.modality.begin() + static_cast<std::ptrdiff_t>(begin),
                document.modality.begin() + static_cast<std::ptrdiff_t>(end),
                data::Modality::separator) -
      document.modality.begin());
  std::vector<std::string> values(document.tokens.size()),
      keys(document.tokens.size());
  if (separator < end) {
    const Part& observation = observations_[task];
    const Part& action = actions_[task];
    if (separator - begin >= observation.tokens) {
      describe(document, separator - observation.tokens, observation, values,
               keys);
    }
    if (end - separator - 1 >= action.tokens) {
      describe(document, separator + 1, action, values, keys);
    }
  }
  std::string html;
  for (size_t i = begin; i < end;) {
    const auto image =
        std::ranges::find(document.images, static_cast<int64_t>(i),
                          &data::TokenizedImage::first_token);
    const size_t image_end = image == document.images.end()
                                 ? i
                                 : i + static_cast<size_t>(image->rows) *
                                           static_cast<size_t>(image->columns);
    if (image_end > i && image_end <= end) {
      html += image_html(document, *image, pixels_of);
      i = image_end;
      continue;
    }
    html += token_html(document, i, values[i], keys[i]);
    ++i;
  }
  return html;
}

std::string TokenStream::html(const data::TokenizedDocument& document,
                              const PatchPixels& pixels_of, int64_t max_bytes,
                              int64_t max_tokens) const {
  std::string html = "<div class=\"stream\">\n";
  const size_t steps = document.step_offset.size() - 1;
  size_t shown_end = 0;
  for (size_t s = 0; s < steps; ++s) {
    const auto begin = static_cast<size_t>(document.step_offset[s]);
    auto end = static_cast<size_t>(document.step_offset[s + 1]);
    if (steps == 1) {  // a text
      end = std::min(end, static_cast<size_t>(max_tokens));
    }
    if (s > 0 && (std::ssize(html) > max_bytes ||
                  static_cast<int64_t>(end) > max_tokens)) {
      break;
    }
    html += fmt::format(
        "<div class=\"step\"><span class=\"number\">{}</span>"
        "<div>{}</div></div>\n",
        s, step_html(document, begin, end, pixels_of));
    shown_end = end;
  }
  html += "</div>\n";
  if (shown_end < document.tokens.size()) {
    html += fmt::format("<p class=\"note\">The first {} of {} tokens.</p>\n",
                        grouped(static_cast<int64_t>(shown_end)),
                        grouped(std::ssize(document.tokens)));
  }
  return html;
}

std::string TokenStream::key() {
  std::string html = "<div class=\"key\">";
  for (const auto& [css, name] :
       {std::pair{"m1", "text"}, std::pair{"m3", "discrete observation"},
        std::pair{"m4", "continuous observation"}, std::pair{"m5", "separator"},
        std::pair{"m6", "discrete action"},
        std::pair{"m7", "continuous action"},
        std::pair{"target", "target of the loss"},
        std::pair{"label", "the label is another token"}}) {
    html += fmt::format("<span><i class=\"{}\"></i>{}</span>", css, name);
  }
  return html + "</div>\n";
}

}  // namespace gato::eval

#include "gato/ingest/text/page_json.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/lenient_json.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/images/image_format.h"
#include "gato/ingest/json_record.h"
#include "gato/ingest/text/end_of_text.h"

namespace gato::ingest {
namespace {

using nlohmann::json;
using Kind = StoredImage::Kind;

// `text` is base64 or a data URL that contains it.
StoredImage base64_image(std::string text) {
  constexpr std::string_view kMarker = ";base64,";
  if (text.starts_with("data:")) {
    const size_t end = text.find(kMarker);
    if (end == std::string::npos) {
      throw base::input_error("the data URL of an image is not in base64");
    }
    text.erase(0, end + kMarker.size());
  }
  return {Kind::base64, std::move(text)};
}

// Returns whether the text begins like an image file in base64 and, unlike a
// path, contains no dot.
bool looks_like_base64(std::string_view text) {
  return detect_base64_image_format(text) &&
         text.find('.') == std::string_view::npos;
}

StoredImage image_from_string(std::string text,
                              const std::filesystem::path& image_root) {
  if (text.starts_with("data:") || looks_like_base64(text)) {
    return base64_image(std::move(text));
  }
  if (text.starts_with("http://") || text.starts_with("https://")) {
    return {Kind::missing,
            fmt::format("the image {} is remote: only local files and base64 "
                        "are read",
                        text)};
  }
  return stored_image_at(image_root, text);
}

// Each item is {"text"}, {"image"} or {"image_base64"}.
Page parse_gato_page(json& object, const std::filesystem::path& root) {
  Page page;
  json& items = array_at(object, "items");
  for (size_t i = 0; i < items.size(); ++i) {
    json& item = items[i];
    const std::string location = fmt::format("items[{}]", i);
    if (!item.is_object() || item.size() != 1) {
      throw base::input_error(
          "{} is not an object with one key (text, image or image_base64)",
          location);
    }
    const std::string key = item.begin().key();
    std::string value = take_string(item.begin().value(), location + "." + key);
    if (key == "text") {
      page.items.emplace_back(std::move(value));
    } else if (key == "image") {
      page.items.emplace_back(image_from_string(std::move(value), root));
    } else if (key == "image_base64") {
      page.items.emplace_back(base64_image(std::move(value)));
    } else {
      throw base::input_error(
          "{} has the key '{}', not text, image or image_base64", location,
          key);
    }
  }
  return page;
}

StoredImage parse_mmc4_image(json& info, const std::filesystem::path& root) {
  const auto base64 = info.find("image_base64");
  if (base64 != info.end() && !base64->is_null()) {
    return base64_image(take_string(*base64, "image_info: image_base64"));
  }
  return stored_image_at(root, string_at(info, "image_name"));
}

Page parse_mmc4_page(json& object, const std::filesystem::path& root) {
  json& sentences = array_at(object, "text_list");
  json& infos = array_at(object, "image_info");
  std::vector<std::vector<StoredImage>> images(sentences.size());
  for (json& info : infos) {
    const int64_t index = integer_at(info, "matched_text_index");
    if (index < 0 || index >= std::ssize(images)) {
      throw base::input_error(
          "image_info: matched_text_index {} is not within 0 to {}", index,
          std::ssize(images) - 1);
    }
    images[static_cast<size_t>(index)].push_back(parse_mmc4_image(info, root));
  }
  Page page;
  for (size_t i = 0; i < sentences.size(); ++i) {
    for (StoredImage& image : images[i]) {
      page.items.emplace_back(std::move(image));
    }
    std::string sentence =
        take_string(sentences[i], fmt::format("text_list[{}]", i));
    if (!page.items.empty() &&
        std::holds_alternative<std::string>(page.items.back())) {
      std::get<std::string>(page.items.back()) += " " + sentence;
    } else {
      page.items.emplace_back(std::move(sentence));
    }
  }
  return page;
}

// An image is a string as in image_from_string(), or an object as the Hugging
// Face datasets library writes it: {"bytes": base64} or {"path"}.
StoredImage parse_obelics_image(json& image, const std::string& name,
                                const std::filesystem::path& root) {
  if (!image.is_object()) {
    return image_from_string(take_string(image, name), root);
  }
  const auto bytes = image.find("bytes");
  if (bytes != image.end() && !bytes->is_null()) {
    return base64_image(take_string(*bytes, name + ".bytes"));
  }
  return stored_image_at(root, string_at(image, "path"));
}

Page parse_obelics_page(json& object, const std::filesystem::path& root) {
  json& images = array_at(object, "images");
  json& texts = array_at(object, "texts");
  if (images.size() != texts.size()) {
    throw base::input_error(
        "{} images and {} texts: the two lists must have the same length",
        images.size(), texts.size());
  }
  Page page;
  for (size_t i = 0; i < texts.size(); ++i) {
    for (const json* list : {&images, &texts}) {
      if (data::non_finite_number((*list)[i]) == 0) {
        continue;
      }
      throw base::input_error("{}[{}] is {}, not a string",
                              list == &images ? "images" : "texts", i,
                              data::summarize_json((*list)[i]));
    }
    if (images[i].is_null() == texts[i].is_null()) {
      throw base::input_error(
          "images[{}] and texts[{}]: {} null, but exactly one must be", i, i,
          texts[i].is_null() ? "both are" : "neither is");
    }
    if (texts[i].is_null()) {
      page.items.emplace_back(
          parse_obelics_image(images[i], fmt::format("images[{}]", i), root));
    } else {
      page.items.emplace_back(
          take_string(texts[i], fmt::format("texts[{}]", i)));
    }
  }
  return page;
}

std::string detect_format(const json& object) {
  if (object.contains("items")) {
    return "gato";
  }
  if (object.contains("text_list")) {
    return "mmc4";
  }
  if (object.contains("texts")) {
    return "obelics";
  }
  throw base::input_error(
      "not a page: it has none of the keys items (gato), text_list (mmc4) and "
      "texts (obelics)");
}

// Divides texts at the end-of-text markers of OBELICS, which pages converted
// from it contain too, and leaves out blank texts.
Page split_texts(Page page) {
  Page result;
  for (auto& item : page.items) {
    auto* text = std::get_if<std::string>(&item);
    if (text == nullptr) {
      result.items.push_back(std::move(item));
      continue;
    }
    for (TextPart& part :
         split_at_end_of_text(std::move(*text), kObelicsEndOfText)) {
      std::visit(
          [&](auto& each) { result.items.emplace_back(std::move(each)); },
          part);
    }
  }
  return result;
}

bool is_end_of_text(const auto& item) {
  return std::holds_alternative<data::EndOfText>(item);
}

}  // namespace

Page parse_page_json(const std::string& text, const std::string& format,
                     const std::filesystem::path& image_root) {
  json object = parse_json_object(text);
  const std::string resolved_format =
      format == "auto" ? detect_format(object) : format;
  Page page = resolved_format == "gato" ? parse_gato_page(object, image_root)
              : resolved_format == "mmc4"
                  ? parse_mmc4_page(object, image_root)
                  : parse_obelics_page(object, image_root);
  page = split_texts(std::move(page));
  if (std::ranges::all_of(
          page.items, [](const auto& item) { return is_end_of_text(item); })) {
    throw base::input_error("the page is empty");
  }
  return page;
}

}  // namespace gato::ingest

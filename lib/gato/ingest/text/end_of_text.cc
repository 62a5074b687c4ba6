#include "gato/ingest/text/end_of_text.h"

#include <utility>

#include "gato/ingest/delimited_reader.h"

namespace gato::ingest {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string_view find_end_of_text_marker(std::string_view text,
                                         std::string_view except) {
  for (const std::string_view marker : kEndOfTextMarkers) {
    if (marker != except && contains(text, marker)) {
      return marker;
    }
  }
  // The opening tag may have attributes.
  if (kEndOfTextPiece != except && contains(text, kEndOfTextPiece) &&
      !contains(text, "<s>") && !contains(text, "<s ")) {
    return kEndOfTextPiece;
  }
  return {};
}

std::vector<TextPart> split_at_end_of_text(std::string text,
                                           std::string_view marker) {
  std::vector<TextPart> parts;
  const auto add_text = [&parts](std::string part) {
    if (!is_blank(part)) {
      parts.emplace_back(std::move(part));
    }
  };
  size_t begin = 0;
  size_t end = marker.empty() ? std::string::npos : text.find(marker);
  if (end == std::string::npos) {
    add_text(std::move(text));
    return parts;
  }
  for (; end != std::string::npos; end = text.find(marker, begin)) {
    add_text(text.substr(begin, end - begin));
    parts.emplace_back(data::EndOfText{});
    begin = end + marker.size();
  }
  add_text(text.substr(begin));
  return parts;
}

std::string without_end_of_text(std::string text, std::string_view marker,
                                std::string_view separator) {
  if (marker.empty() || text.find(marker) == std::string::npos) {
    return text;
  }
  std::string joined;
  for (const TextPart& part : split_at_end_of_text(std::move(text), marker)) {
    const auto* piece = std::get_if<std::string>(&part);
    if (piece == nullptr) {
      continue;
    }
    if (!joined.empty()) {
      joined += separator;
    }
    joined += *piece;
  }
  return joined;
}

data::Document make_text_document(std::string text, std::string_view marker) {
  data::Document document;
  for (TextPart& part : split_at_end_of_text(std::move(text), marker)) {
    if (auto* piece = std::get_if<std::string>(&part)) {
      document.items.emplace_back(std::move(*piece));
    } else {
      document.add_end_of_text();
    }
  }
  return document;
}

}  // namespace gato::ingest

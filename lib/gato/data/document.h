// Documents that are not episodes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gato/data/image.h"

namespace gato::data {

// A mark within a document: the end of the text before it.
struct EndOfText {};

// A document that is not an episode: a text, an (image, text) pair or a page of
// interleaved text and images, in reading order. The end of its last text needs
// no mark.
struct Document {
  std::vector<std::variant<std::string, Image, EndOfText>> items;

  // Adds a mark, unless there is nothing before it or another mark.
  void add_end_of_text() {
    if (!items.empty() && !std::holds_alternative<EndOfText>(items.back())) {
      items.emplace_back(EndOfText{});
    }
  }
};

}  // namespace gato::data

// Documents that are not episodes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gato/data/image.h"

namespace gato::data {

// A document that is not an episode: a text, an (image, text) pair, a page.
struct Document {
  std::vector<std::variant<std::string, Image>> items;
};

}  // namespace gato::data

// Documents that are not episodes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gato/data/image.h"

namespace gato::data {

// A document that is not an episode: a text, an (image, text) pair or a page of
// interleaved text and images, in reading order.
struct Document {
  std::vector<std::variant<std::string, Image>> items;
};

}  // namespace gato::data

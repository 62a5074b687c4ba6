// The section of a page that shows what a model attends to.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gato/eval/html_page.h"
#include "gato/eval/page/model_page.h"
#include "gato/eval/page/model_weights.h"

namespace gato::eval {

// Shows the attention of the heads of the first layer over the images of a time
// step, and of one head over all of its tokens. `config` is that of the model.
// Throws as model_sections() does.
HtmlSection attention_section(ModelWeights& weights,
                              const nlohmann::json& config,
                              const AttentionChoice& choice);

}  // namespace gato::eval

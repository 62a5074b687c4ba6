#include "gato/eval/page/attention_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/data/json_fields.h"
#include "gato/data/token_file.h"
#include "gato/eval/page/data_url.h"
#include "gato/eval/page/first_layer_attention.h"

namespace gato::eval {
namespace {

constexpr int kPatchSide = 16;
// The step may be long; its attention has heads x N x N elements.
constexpr int64_t kMaxTokens = 1024;

struct ChosenStep {
  data::TokenizedDocument document;  // of this step only
  int64_t step = 0, steps = 0;
  std::string task;
};

ChosenStep read_step(const data::TokenFileReader& reader,
                     const AttentionChoice& choice) {
  if (choice.document >= reader.document_count()) {
    throw base::usage_error("{}: there is no document {}: it has {}",
                            choice.data.string(), choice.document,
                            reader.document_count());
  }
  ChosenStep chosen;
  chosen.steps = reader.first_step(choice.document + 1) -
                 reader.first_step(choice.document);
  chosen.step = choice.step.value_or(chosen.steps / 2);
  if (chosen.step >= chosen.steps) {
    throw base::usage_error(
        "{}: document {} has {} time steps: --step {} is too large",
        choice.data.string(), choice.document, chosen.steps, chosen.step);
  }
  chosen.document =
      reader.read_steps(choice.document, chosen.step, chosen.step + 1);
  const auto task = static_cast<size_t>(chosen.document.task_index);
  chosen.task = reader.tasks().tasks[task].spec.name;
  return chosen;
}

// Returns the divergence of a head's mean attention from uniform.
double concentration(const float* means, const std::vector<size_t>& tokens) {
  double sum = 0, result = 0;
  for (const size_t token : tokens) {
    sum += means[token];
  }
  for (const size_t token : tokens) {
    const double share = sum > 0 ? means[token] / sum : 0;
    if (share > 0) {
      result += share * std::log(share * static_cast<double>(tokens.size()));
    }
  }
  return result;
}

// Returns the patches of all images or, if there are none, all tokens but the
// last, to which no token attends.
std::vector<size_t> compared_tokens(const data::TokenizedDocument& step) {
  std::vector<size_t> tokens;
  for (size_t i = 0; i < step.tokens.size(); ++i) {
    if (step.modality[i] == data::Modality::patch) {
      tokens.push_back(i);
    }
  }
  if (tokens.empty()) {
    tokens.resize(step.tokens.size() - 1);
    std::iota(tokens.begin(), tokens.end(), size_t{0});
  }
  return tokens;
}

// Returns an image with each patch as bright as the attention to it; the
// original if `means` is null.
data::Image attended_image(const data::TokenizedDocument& step,
                           const data::TokenizedImage& image,
                           const float* means) {
  data::Image shown;
  shown.height = image.rows * kPatchSide;
  shown.width = image.columns * kPatchSide;
  shown.pixels.resize(static_cast<size_t>(shown.height) *
                      static_cast<size_t>(shown.width) * 3);
  const auto first = static_cast<size_t>(image.first_token);
  const auto count =
      static_cast<size_t>(image.rows) * static_cast<size_t>(image.columns);
  const float max = means == nullptr ? 1
                                     : *std::max_element(means + first,
                                                         means + first + count);
  for (size_t p = 0; p < count; ++p) {
    const float share =
        means == nullptr || max == 0 ? 1 : means[first + p] / max;
    const float brightness = 0.12F + 0.88F * share;
    const data::Patch& patch = step.patches[static_cast<size_t>(
        data::patch_index(step.tokens[first + p]))];
    const size_t top = p / static_cast<size_t>(image.columns) * kPatchSide;
    const size_t left = p % static_cast<size_t>(image.columns) * kPatchSide;
    for (size_t y = 0; y < kPatchSide; ++y) {
      for (size_t x = 0; x < kPatchSide * 3; ++x) {
        shown.pixels[((top + y) * static_cast<size_t>(shown.width) + left) * 3 +
                     x] =
            static_cast<uint8_t>(
                static_cast<float>(patch[y * kPatchSide * 3 + x]) * brightness);
      }
    }
  }
  return shown;
}

// Returns the weights [N, N] of a head as a gray image: white is the maximum.
data::Image weight_image(const float* weights, int64_t n) {
  data::Image image;
  image.height = image.width = static_cast<int>(n);
  const float max = *std::max_element(weights, weights + n * n);
  for (int64_t i = 0; i < n * n; ++i) {
    const auto gray =
        static_cast<uint8_t>(max > 0 ? 255 * std::sqrt(weights[i] / max) : 0);
    image.pixels.insert(image.pixels.end(), 3, gray);
  }
  return image;
}

std::string figure(const data::Image& image, const std::string& caption) {
  return fmt::format(
      "<figure><img alt=\"\" src=\"{}\"><figcaption>{}</figcaption></figure>\n",
      image_data_url(image, 60000), escape_html(caption));
}

}  // namespace

HtmlSection attention_section(ModelWeights& weights,
                              const nlohmann::json& config,
                              const AttentionChoice& choice) {
  const data::TokenFileReader reader(choice.data);
  const data::Vocabulary vocabulary =
      data::Vocabulary::from_json(data::object_at(config, "vocabulary"));
  if (!reader.vocabulary().has_same_ids(vocabulary)) {
    throw base::input_error("{}: its vocabulary is not that of the model",
                            choice.data.string());
  }
  const ChosenStep chosen = read_step(reader, choice);
  const data::TokenizedDocument& step = chosen.document;
  const int64_t n = std::ssize(step.tokens);
  if (n < 2 || n > kMaxTokens) {
    throw base::usage_error(
        "{}: step {} of document {} has {} tokens: choose one with 2 to {}",
        choice.data.string(), chosen.step, choice.document, n, kMaxTokens);
  }
  data::TokenRow row = data::make_token_row(step, 0, n);
  row.patches = step.patches;
  const StepAttention attention = attend_in_first_layer(weights, config, row);
  if (choice.head && *choice.head >= attention.heads) {
    throw base::usage_error("--head {}: the model has {} heads", *choice.head,
                            attention.heads);
  }
  const std::vector<size_t> compared = compared_tokens(step);
  int64_t head = 0;
  double highest = -1;
  for (int64_t h = 0; h < attention.heads; ++h) {
    const double found =
        concentration(&attention.means[static_cast<size_t>(h * n)], compared);
    if (found > highest) {
      highest = found;
      head = h;
    }
  }
  head = choice.head.value_or(head);
  const float* means = &attention.means[static_cast<size_t>(head * n)];

  std::string html = fmt::format(
      "<p>Head {} of the first layer, in step {} of {} of document {} ({}). "
      "The brightness of a patch is the attention to it, averaged over the "
      "tokens after it in the step (Reed et al. 2022, appendix J). In the "
      "matrix, each row is a token, and each column a token before it.</p>\n"
      "<div class=\"attention\">\n",
      head, chosen.step, chosen.steps, choice.document,
      escape_html(chosen.task));
  for (const data::TokenizedImage& image : step.images) {
    html += figure(attended_image(step, image, nullptr), "what it sees");
    html += figure(attended_image(step, image, means),
                   fmt::format("what head {} attends to", head));
  }
  html += figure(
      weight_image(&attention.weights[static_cast<size_t>(head * n * n)], n),
      fmt::format("the {0} x {0} weights of head {1}", n, head));
  html += "</div>\n<h3>All heads</h3>\n<div class=\"heads\">\n";
  for (int64_t h = 0; h < attention.heads; ++h) {
    html += figure(
        step.images.empty()
            ? weight_image(&attention.weights[static_cast<size_t>(h * n * n)],
                           n)
            : attended_image(step, step.images.front(),
                             &attention.means[static_cast<size_t>(h * n)]),
        fmt::format("head {}", h));
  }
  return {"Attention", html + "</div>\n"};
}

}  // namespace gato::eval

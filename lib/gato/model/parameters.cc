// parameter_shapes() declares the parameters, and NetworkWeights reads them in
// the same order. initialize() distinguishes them by name. Each parameter has a
// random stream, keyed by its index, of which any thread can compute any part.
#include "gato/model/parameters.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <string_view>

#include "gato/base/random.h"
#include "gato/tokenize/mu_law.h"

namespace gato::model {
namespace {

constexpr std::string_view kPatchOutput = "embedding.patch.linear.weight";

// Returns the fan-in: the number of products that are summed for one output.
int64_t fan_in(const at::Tensor& weight) {
  return weight.numel() / weight.size(0);
}

// Returns whether this is the last matrix of a sub-layer, whose output is added
// to the residual stream.
bool is_residual_output(std::string_view name) {
  return name.ends_with(".attention.output") ||
         name.ends_with(".feedforward.down");
}

bool is_norm_weight(std::string_view name) {
  return name.ends_with("norm.weight") || name.ends_with("norm1.weight") ||
         name.ends_with("norm2.weight");
}

bool is_embedding_table(std::string_view name) {
  return name == "embedding.tokens" || name == "embedding.local" ||
         name == "embedding.action" || name == "embedding.rows" ||
         name == "embedding.columns";
}

// Fills the tensor with normal values. Value i takes numbers 2i and 2i + 1 of
// the stream (Box-Muller), whichever thread computes it.
void fill_normal(at::Tensor& tensor, double stddev,
                 const base::RandomStream& stream) {
  float* values = tensor.data_ptr<float>();
  constexpr int64_t kGrainSize = 1 << 14;  // min values per thread
  at::parallel_for(0, tensor.numel(), kGrainSize,
                   [&](int64_t begin, int64_t end) {
                     base::RandomStream rng = stream;
                     rng.seek(2 * static_cast<uint64_t>(begin));
                     for (int64_t i = begin; i < end; ++i) {
                       values[i] = static_cast<float>(stddev * rng.normal());
                     }
                   });
}

// Random Fourier features (Rahimi & Recht 2007): column j is a cosine of the
// bin's value with a random phase and a log-uniform frequency between 1/4 and
// 16 cycles per unit. The factor sqrt(2) gives it a mean square of stddev^2.
void fill_smooth_bins(at::Tensor& table, int32_t begin, double stddev,
                      uint64_t seed) {
  const int64_t width = table.size(1);
  float* values = table.data_ptr<float>() + begin * width;
  for (int64_t j = 0; j < width; ++j) {
    base::RandomStream stream(seed, {static_cast<uint64_t>(j)});
    const double frequency = std::exp2(stream.uniform(-2, 4));
    const double phase = stream.uniform(0, 2 * std::numbers::pi);
    for (int32_t bin = 0; bin < data::Vocabulary::kBinCount; ++bin) {
      values[bin * width + j] =
          static_cast<float>(stddev * std::numbers::sqrt2 *
                             std::cos(2 * std::numbers::pi * frequency *
                                          tokenize::bin_center(bin) +
                                      phase));
    }
  }
}

}  // namespace

std::vector<ParameterShape> parameter_shapes(const ModelConfig& config) {
  const int64_t d = config.width;
  const int64_t attention_width = config.heads * config.key_size;
  std::vector<ParameterShape> shapes = {
      {"embedding.tokens", {config.vocabulary.size(), d}, true},
      {"embedding.local", {512, d}},
      {"embedding.action", {d}},
      {"embedding.rows", {128, d}},
      {"embedding.columns", {128, d}},
      {"embedding.patch.stem.weight", {64, 3, 3, 3}, true},
      {"embedding.patch.stem.bias", {64}},
      {"embedding.patch.norm1.weight", {64}},
      {"embedding.patch.norm1.bias", {64}},
      {"embedding.patch.conv1.weight", {64, 64, 3, 3}, true},
      {"embedding.patch.conv1.bias", {64}},
      {"embedding.patch.norm2.weight", {64}},
      {"embedding.patch.norm2.bias", {64}},
      {"embedding.patch.conv2.weight", {64, 64, 3, 3}, true},
      {"embedding.patch.conv2.bias", {64}},
      {"embedding.patch.skip.weight", {64, 64, 1, 1}, true},
      {"embedding.patch.skip.bias", {64}},
      {"embedding.patch.project.weight", {48, 64, 1, 1}, true},
      {"embedding.patch.project.bias", {48}},
      {std::string(kPatchOutput), {d, 768}, true},
      {"embedding.patch.linear.bias", {d}},
  };
  for (int64_t i = 0; i < config.layers; ++i) {
    const std::string block = fmt::format("blocks.{}.", i);
    shapes.push_back({block + "attention_norm.weight", {d}});
    shapes.push_back({block + "attention_norm.bias", {d}});
    shapes.push_back({block + "attention.qkv", {3 * attention_width, d}, true});
    shapes.push_back({block + "attention.output", {d, attention_width}, true});
    if (config.position == PositionEncoding::relative) {
      const std::vector<int64_t> bias = {config.heads, config.key_size};
      shapes.push_back(
          {block + "attention.relative", {attention_width, d}, true});
      shapes.push_back({block + "attention.content_bias", bias});
      shapes.push_back({block + "attention.position_bias", bias});
    }
    shapes.push_back({block + "feedforward_norm.weight", {d}});
    shapes.push_back({block + "feedforward_norm.bias", {d}});
    shapes.push_back({block + "feedforward.up", {config.feedforward, d}, true});
    shapes.push_back(
        {block + "feedforward.down", {d, config.feedforward / 2}, true});
  }
  shapes.push_back({"output_norm.weight", {d}});
  shapes.push_back({"output_norm.bias", {d}});
  return shapes;
}

int64_t parameter_count(const ModelConfig& config) {
  int64_t count = 0;
  for (const auto& parameter : parameter_shapes(config)) {
    count += data::element_count(parameter.shape);
  }
  return count;
}

void initialize(std::vector<Parameter>& parameters, const ModelConfig& config,
                uint64_t seed, const Initialization& initialization) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name;
    at::Tensor value = parameters[i].value.detach();
    const base::RandomStream stream(seed, {i});
    if (is_embedding_table(name)) {
      fill_normal(value, initialization.embedding_scale, stream);
      if (name == "embedding.tokens" && initialization.smooth_bins) {
        fill_smooth_bins(value, config.vocabulary.continuous_begin(),
                         initialization.embedding_scale,
                         base::random_bits(seed, {i}));
      }
    } else if (parameters[i].has_weight_decay) {
      // 1 / sqrt(3 fan_in) is about 0.02, the customary value, at width 768,
      // and larger if fewer inputs are summed. Residual outputs are divided by
      // the square root of the number of sub-layers, as in GPT-2 (Radford et
      // al. 2019), so that the residual stream does not grow with depth.
      double stddev = 1 / std::sqrt(3.0 * fan_in(value));
      if (is_residual_output(name)) {
        stddev /= std::sqrt(2.0 * config.layers);
      }
      if (name == kPatchOutput) {
        // Otherwise the positions, which are added to a patch, would hide it.
        stddev *=
            initialization.embedding_scale / Initialization{}.embedding_scale;
      }
      fill_normal(value, stddev, stream);
    } else {
      value.fill_(is_norm_weight(name) ? 1 : 0);
    }
  }
}

}  // namespace gato::model

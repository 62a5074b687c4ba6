// Feature maps are [channels, side, side]. One patch is computed after another:
// the pages that use this show a few dozen.
#include "gato/eval/page/patch_network.h"

#include <cmath>
#include <string>
#include <utility>

namespace gato::eval {
namespace {

constexpr int kSide = 16;
constexpr int64_t kChannels = 64, kGroups = 32;

struct FeatureMap {
  int64_t channels = 0, side = 0;
  std::vector<float> values;
  float at(int64_t c, int64_t y, int64_t x) const {
    const bool is_inside = y >= 0 && y < side && x >= 0 && x < side;
    return is_inside ? values[static_cast<size_t>((c * side + y) * side + x)]
                     : 0;
  }
};

// A convolution with padding that keeps the side, divided by the stride.
class Convolution {
 public:
  Convolution(ModelWeights& weights, const std::string& name, int64_t out,
              int64_t in, int64_t kernel, int64_t stride)
      : out_(out),
        in_(in),
        kernel_(kernel),
        stride_(stride),
        weight_(weights.read(name + ".weight", {out, in, kernel, kernel})),
        bias_(weights.read(name + ".bias", {out})) {}

  FeatureMap operator()(const FeatureMap& map) const {
    FeatureMap result{out_, map.side / stride_, {}};
    result.values.reserve(
        static_cast<size_t>(out_ * result.side * result.side));
    for (int64_t o = 0; o < out_; ++o) {
      for (int64_t y = 0; y < result.side; ++y) {
        for (int64_t x = 0; x < result.side; ++x) {
          result.values.push_back(value(map, o, y * stride_, x * stride_));
        }
      }
    }
    return result;
  }

 private:
  float value(const FeatureMap& map, int64_t o, int64_t y, int64_t x) const {
    float sum = bias_[static_cast<size_t>(o)];
    const float* weight =
        weight_.data() + static_cast<size_t>(o * in_ * kernel_ * kernel_);
    for (int64_t c = 0; c < in_; ++c) {
      for (int64_t dy = 0; dy < kernel_; ++dy) {
        for (int64_t dx = 0; dx < kernel_; ++dx) {
          sum +=
              *weight++ * map.at(c, y + dy - kernel_ / 2, x + dx - kernel_ / 2);
        }
      }
    }
    return sum;
  }

  int64_t out_, in_, kernel_, stride_;
  std::vector<float> weight_, bias_;
};

// GroupNorm followed by GELU.
class NormGelu {
 public:
  NormGelu(ModelWeights& weights, const std::string& name)
      : weight_(weights.read(name + ".weight", {kChannels})),
        bias_(weights.read(name + ".bias", {kChannels})) {}

  FeatureMap operator()(FeatureMap map) const {
    const size_t group_size = map.values.size() / kGroups;
    const auto pixels = static_cast<size_t>(map.side * map.side);
    for (size_t g = 0; g < kGroups; ++g) {
      float* values = map.values.data() + g * group_size;
      double sum = 0, squares = 0;
      for (size_t i = 0; i < group_size; ++i) {
        sum += values[i];
      }
      const double mean = sum / static_cast<double>(group_size);
      for (size_t i = 0; i < group_size; ++i) {
        squares += (values[i] - mean) * (values[i] - mean);
      }
      const double scale =
          1 / std::sqrt(squares / static_cast<double>(group_size) + 1e-5);
      for (size_t i = 0; i < group_size; ++i) {
        const size_t channel = (g * group_size + i) / pixels;
        const double x =
            (values[i] - mean) * scale * weight_[channel] + bias_[channel];
        values[i] =
            static_cast<float>(x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))));
      }
    }
    return map;
  }

 private:
  std::vector<float> weight_, bias_;
};

FeatureMap operator+(FeatureMap a, const FeatureMap& b) {
  for (size_t i = 0; i < a.values.size(); ++i) {
    a.values[i] += b.values[i];
  }
  return a;
}

// Scales the pixels to [-1, 1] and divides them by the square root of 16.
FeatureMap scaled_pixels(const data::Patch& patch) {
  FeatureMap map{3, kSide, std::vector<float>(patch.size())};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < kSide * kSide; ++i) {
      map.values[c * kSide * kSide + i] =
          (static_cast<float>(patch[3 * i + c]) / 255 * 2 - 1) / 4;
    }
  }
  return map;
}

}  // namespace

std::vector<float> embed_patches(ModelWeights& weights, int64_t width,
                                 std::span<const data::Patch> patches) {
  const std::string name = "embedding.patch.";
  const Convolution stem(weights, name + "stem", kChannels, 3, 3, 2);
  const NormGelu norm1(weights, name + "norm1"), norm2(weights, name + "norm2");
  const Convolution conv1(weights, name + "conv1", kChannels, kChannels, 3, 2);
  const Convolution conv2(weights, name + "conv2", kChannels, kChannels, 3, 1);
  const Convolution skip(weights, name + "skip", kChannels, kChannels, 1, 2);
  const Convolution project(weights, name + "project", 48, kChannels, 1, 1);
  const auto linear = weights.read(name + "linear.weight", {width, 768});
  const auto bias = weights.read(name + "linear.bias", {width});
  std::vector<float> embeddings;
  for (const data::Patch& patch : patches) {
    const FeatureMap x = stem(scaled_pixels(patch));
    const FeatureMap block = conv2(norm2(conv1(norm1(x)))) + skip(x);
    const FeatureMap features = project(block);
    for (size_t i = 0; i < static_cast<size_t>(width); ++i) {
      double sum = bias[i];
      for (size_t j = 0; j < features.values.size(); ++j) {
        sum += static_cast<double>(linear[i * features.values.size() + j]) *
               features.values[j];
      }
      embeddings.push_back(static_cast<float>(sum));
    }
  }
  return embeddings;
}

}  // namespace gato::eval

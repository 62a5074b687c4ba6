// Only what the scores depend on is computed: the embeddings, the first layer
// norm, and queries and keys. Scores depend on the distance of two tokens, not
// on their positions (Dai et al. 2019; Su et al. 2021), so that the step may be
// computed as if it began the sequence.
#include "gato/eval/page/first_layer_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/json_fields.h"
#include "gato/eval/page/patch_network.h"

namespace gato::eval {
namespace {

using Matrix = std::vector<float>;  // row-major

// Returns a b^T: a is [rows, inner] and b is [columns, inner].
Matrix multiply(const Matrix& a, const Matrix& b, size_t inner) {
  const size_t rows = a.size() / inner, columns = b.size() / inner;
  Matrix product(rows * columns);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      float sum = 0;
      for (size_t k = 0; k < inner; ++k) {
        sum += a[i * inner + k] * b[j * inner + k];
      }
      product[i * columns + j] = sum;
    }
  }
  return product;
}

class FirstLayer {
 public:
  FirstLayer(ModelWeights& weights, const nlohmann::json& config)
      : weights_(weights),
        vocabulary_(
            data::Vocabulary::from_json(data::object_at(config, "vocabulary"))),
        width_(data::integer_at(config, "width")),
        heads_(data::integer_at(config, "heads")),
        key_size_(data::integer_at(config, "key_size")),
        is_rotary_(data::string_at(config, "position") == "rotary"),
        has_action_position_(
            data::string_or(config, "action_position", "shared") == "shared") {}

  // Returns the scores [heads, N, N], divided by the root of the key size.
  Matrix scores(const data::TokenRow& row) {
    const std::string block = "blocks.0.attention";
    const Matrix x = normalize(embed(row));
    const int64_t part = heads_ * key_size_;
    Matrix qkv = weights_.read(block + ".qkv", {3 * part, width_});
    const auto part_size = static_cast<std::ptrdiff_t>(part * width_);
    Matrix q =
        multiply(x, {qkv.begin(), qkv.begin() + part_size}, size(width_));
    Matrix k =
        multiply(x, {qkv.begin() + part_size, qkv.begin() + 2 * part_size},
                 size(width_));
    const int64_t n = row.size();
    if (is_rotary_) {
      rotate(q, n);
      rotate(k, n);
      return dot(q, k, n);
    }
    const Matrix content =
        weights_.read(block + ".content_bias", {heads_, key_size_});
    const Matrix position =
        weights_.read(block + ".position_bias", {heads_, key_size_});
    const Matrix relative = weights_.read(block + ".relative", {part, width_});
    const Matrix distances = multiply(sinusoids(n), relative, size(width_));
    Matrix scores = dot(with_bias(q, content), k, n);
    add_distances(with_bias(q, position), distances, n, scores);
    return scores;
  }

  int64_t heads() const { return heads_; }

 private:
  static size_t size(int64_t value) { return static_cast<size_t>(value); }

  Matrix embed(const data::TokenRow& row) {
    const Matrix patches = embed_patches(weights_, width_, row.patches);
    const Matrix local = weights_.read("embedding.local", {512, width_});
    const Matrix rows = weights_.read("embedding.rows", {128, width_});
    const Matrix columns = weights_.read("embedding.columns", {128, width_});
    const Matrix action = has_action_position_
                              ? weights_.read("embedding.action", {width_})
                              : Matrix(size(width_));
    Matrix x;
    const auto add = [&x, this](const Matrix& table, int64_t index) {
      float* last = x.data() + x.size() - size(width_);
      for (size_t i = 0; i < size(width_); ++i) {
        last[i] += table[size(index * width_) + i];
      }
    };
    for (size_t i = 0; i < row.tokens.size(); ++i) {
      const int32_t token = row.tokens[i];
      if (data::is_patch(token)) {
        x.resize(x.size() + size(width_));
        add(patches, data::patch_index(token));
        // The middles of the intervals, as in evaluation.
        const auto& interval = row.interval[i];
        add(rows, (interval[0] + interval[1]) / 2);
        add(columns, (interval[2] + interval[3]) / 2);
      } else {
        if (token >= vocabulary_.size()) {
          throw base::input_error(
              "token {} is not one of the {} of the model: use data with the "
              "vocabulary of the model",
              token, vocabulary_.size());
        }
        const Matrix embedding =
            weights_.read_rows("embedding.tokens", width_, token, 1);
        x.insert(x.end(), embedding.begin(), embedding.end());
      }
      const int16_t position = row.local_position[i];
      if (position >= 0) {
        add(local, position);
      } else if (position == data::TokenRow::kActionLocalPosition) {
        add(action, 0);
      }
    }
    return x;
  }

  // Applies the layer norm before the attention to each token.
  Matrix normalize(Matrix x) {
    const Matrix weight =
        weights_.read("blocks.0.attention_norm.weight", {width_});
    const Matrix bias = weights_.read("blocks.0.attention_norm.bias", {width_});
    for (size_t first = 0; first < x.size(); first += size(width_)) {
      double sum = 0, squares = 0;
      for (size_t i = 0; i < size(width_); ++i) {
        sum += x[first + i];
      }
      const double mean = sum / static_cast<double>(width_);
      for (size_t i = 0; i < size(width_); ++i) {
        squares += (x[first + i] - mean) * (x[first + i] - mean);
      }
      const double scale =
          1 / std::sqrt(squares / static_cast<double>(width_) + 1e-5);
      for (size_t i = 0; i < size(width_); ++i) {
        x[first + i] = static_cast<float>(
            (x[first + i] - mean) * scale * weight[i] + bias[i]);
      }
    }
    return x;
  }

  // Rotates the pairs (k, k + K/2) of each head by position * 10000^(-2k/K).
  void rotate(Matrix& x, int64_t n) const {
    const int64_t half = key_size_ / 2;
    for (int64_t position = 0; position < n; ++position) {
      for (int64_t h = 0; h < heads_; ++h) {
        float* head = x.data() + size((position * heads_ + h) * key_size_);
        for (int64_t k = 0; k < half; ++k) {
          const double angle =
              static_cast<double>(position) *
              std::pow(10000.0, -2.0 * static_cast<double>(k) /
                                    static_cast<double>(key_size_));
          const double cos = std::cos(angle), sin = std::sin(angle);
          const double a = head[k], b = head[k + half];
          head[k] = static_cast<float>(a * cos - b * sin);
          head[k + half] = static_cast<float>(b * cos + a * sin);
        }
      }
    }
  }

  // Returns R_p = [sin(p w), cos(p w)], w_k = 10000^(-2k/d), [N, d].
  Matrix sinusoids(int64_t n) const {
    const int64_t half = width_ / 2;
    Matrix table(size(n * width_));
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t k = 0; k < half; ++k) {
        const double angle = static_cast<double>(p) *
                             std::pow(10000.0, -2.0 * static_cast<double>(k) /
                                                   static_cast<double>(width_));
        table[size(p * width_ + k)] = static_cast<float>(std::sin(angle));
        table[size(p * width_ + half + k)] =
            static_cast<float>(std::cos(angle));
      }
    }
    return table;
  }

  // Adds a bias [heads, K] to each row.
  static Matrix with_bias(Matrix q, const Matrix& bias) {
    for (size_t i = 0; i < q.size(); ++i) {
      q[i] += bias[i % bias.size()];
    }
    return q;
  }

  double dot_of_heads(const Matrix& a, int64_t i, const Matrix& b, int64_t j,
                      int64_t head) const {
    double sum = 0;
    for (int64_t k = 0; k < key_size_; ++k) {
      sum += static_cast<double>(a[size((i * heads_ + head) * key_size_ + k)]) *
             b[size((j * heads_ + head) * key_size_ + k)];
    }
    return sum / std::sqrt(static_cast<double>(key_size_));
  }

  Matrix dot(const Matrix& q, const Matrix& k, int64_t n) const {
    Matrix scores(size(heads_ * n * n));
    for (int64_t h = 0; h < heads_; ++h) {
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < i; ++j) {
          scores[size((h * n + i) * n + j)] =
              static_cast<float>(dot_of_heads(q, i, k, j, h));
        }
      }
    }
    return scores;
  }

  void add_distances(const Matrix& q, const Matrix& distances, int64_t n,
                     Matrix& scores) const {
    for (int64_t h = 0; h < heads_; ++h) {
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < i; ++j) {
          scores[size((h * n + i) * n + j)] +=
              static_cast<float>(dot_of_heads(q, i, distances, i - j, h));
        }
      }
    }
  }

  ModelWeights& weights_;
  data::Vocabulary vocabulary_;
  int64_t width_, heads_, key_size_;
  bool is_rotary_, has_action_position_;
};

// Replaces the scores of token i to the tokens before it by their softmax.
void apply_softmax(float* scores, size_t i) {
  if (i == 0) {
    return;
  }
  const float max = *std::max_element(scores, scores + i);
  double sum = 0;
  for (size_t j = 0; j < i; ++j) {
    sum += std::exp(static_cast<double>(scores[j]) - max);
  }
  for (size_t j = 0; j < i; ++j) {
    scores[j] = static_cast<float>(
        std::exp(static_cast<double>(scores[j]) - max) / sum);
  }
}

}  // namespace

StepAttention attend_in_first_layer(ModelWeights& weights,
                                    const nlohmann::json& config,
                                    const data::TokenRow& row) {
  FirstLayer layer(weights, config);
  StepAttention attention{layer.heads(), row.size(), layer.scores(row), {}};
  const auto n = static_cast<size_t>(attention.tokens);
  const auto heads = static_cast<size_t>(attention.heads);
  attention.means.resize(heads * n);
  for (size_t h = 0; h < heads; ++h) {
    for (size_t i = 0; i < n; ++i) {
      apply_softmax(&attention.weights[(h * n + i) * n], i);
    }
    for (size_t j = 0; j + 1 < n; ++j) {
      double sum = 0;
      for (size_t i = j + 1; i < n; ++i) {
        sum += attention.weights[(h * n + i) * n + j];
      }
      attention.means[h * n + j] =
          static_cast<float>(sum / static_cast<double>(n - 1 - j));
    }
  }
  return attention;
}

}  // namespace gato::eval

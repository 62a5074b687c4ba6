#include "gato/model/relative_attention.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace gato {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Queries [begin, end) of a row, which see the keys [0, end).
struct Block {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }

  at::Tensor queries(const at::Tensor& of_row) const {
    return of_row.narrow(1, begin, size());
  }
  at::Tensor keys(const at::Tensor& of_row) const {
    return of_row.narrow(1, 0, end);
  }
  at::Tensor distances(const at::Tensor& all) const {
    return all.narrow(2, all.size(2) - end, end);
  }
};

// Of scores x [H, C, N] that have a column a distance, from N-1 down to 0, a
// view of `columns` columns in which column j of query i is that of the
// distance from key j: place (i, j) of the block stands at i N + C-1-i+j =
// i (N-1) + C-1 + j of x. What it shows of keys after the query means nothing.
at::Tensor by_key(const at::Tensor& x, int64_t columns) {
  const int64_t queries = x.size(1), distances = x.size(2);
  return x.as_strided({x.size(0), queries, columns},
                      {x.stride(0), distances - 1, 1},
                      x.storage_offset() + queries - 1);
}

// The gradient of x from that of by_key(x, N), which is 0 after the query.
at::Tensor by_distance(const at::Tensor& gradient) {
  const int64_t queries = gradient.size(1), keys = gradient.size(2);
  at::Tensor x = at::empty(gradient.sizes(), gradient.options());
  // Without the last column, which holds one place up to the query, the rows of
  // the view do not overlap. They begin behind the first C-1 places.
  by_key(x, keys - 1).copy_(gradient.narrow(2, 0, keys - 1));
  x.select(1, 0).narrow(1, 0, queries - 1).zero_();
  const auto last = [&](const at::Tensor& of) {
    return of.select(1, queries - 1).select(1, keys - 1);
  };
  last(x).copy_(last(gradient));
  return x;
}

template <class Visit>
void each_block(int64_t rows, int64_t length, int64_t size, Visit visit) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t begin = 0; begin < length; begin += size)
      visit(row, Block{begin, std::min(begin + size, length)});
  }
}

at::Tensor shares_of(const RelativeAttention& input, int64_t row,
                     const Block& block, const at::Tensor& mask) {
  at::Tensor scores = at::bmm(block.queries(input.content[row]),
                              block.keys(input.keys[row]).transpose(1, 2));
  const at::Tensor position = at::bmm(block.queries(input.position[row]),
                                      block.distances(input.distances));
  scores.add_(by_key(position, block.end));
  scores.narrow(2, block.begin, block.size())
      .add_(mask.narrow(0, 0, block.size()).narrow(1, 0, block.size()));
  return at::softmax(scores, -1);
}

class Attend : public torch::autograd::Function<Attend> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& content,
                            const at::Tensor& position, const at::Tensor& keys,
                            const at::Tensor& values,
                            const at::Tensor& distances, int64_t size) {
    const RelativeAttention input{content, position, keys, values, distances};
    const int64_t rows = keys.size(0), heads = keys.size(1),
                  length = keys.size(2);
    size = std::min(size, length);
    const at::Tensor mask =
        at::full({size, size}, -INFINITY, keys.options()).triu_(1);
    const at::Tensor result =
        at::empty({rows, length, heads, values.size(3)}, values.options())
            .transpose(1, 2);
    variable_list kept = {content, position, keys, values, distances};
    const bool is_differentiated = content.requires_grad();
    each_block(rows, length, size, [&](int64_t row, const Block& block) {
      const at::Tensor shares = shares_of(input, row, block, mask);
      block.queries(result[row])
          .copy_(at::bmm(shares, block.keys(values[row])));
      if (is_differentiated) kept.push_back(shares);
    });
    context->save_for_backward(kept);
    context->saved_data["size"] = size;
    return result;
  }

  static variable_list backward(AutogradContext* context,
                                const variable_list& gradients) {
    const variable_list kept = context->get_saved_variables();
    const RelativeAttention input{kept[0], kept[1], kept[2], kept[3], kept[4]};
    Gradients sums(input);
    size_t next = 5;
    each_block(input.keys.size(0), input.keys.size(2),
               context->saved_data["size"].toInt(),
               [&](int64_t row, const Block& block) {
                 sums.add(input, row, block, gradients[0], kept[next++]);
               });
    const auto type = input.keys.scalar_type();
    return {sums.content,         sums.position,           sums.keys.to(type),
            sums.values.to(type), sums.distances.to(type), {}};
  }

 private:
  // What blocks add up to is fp32.
  struct Gradients {
    at::Tensor content, position, keys, values, distances;

    explicit Gradients(const RelativeAttention& input)
        : content(at::empty_like(input.content)),
          position(at::empty_like(input.position)),
          keys(at::zeros(input.keys.sizes(), at::kFloat)),
          values(at::zeros(input.values.sizes(), at::kFloat)),
          distances(at::zeros(input.distances.sizes(), at::kFloat)) {}

    void add(const RelativeAttention& input, int64_t row, const Block& block,
             const at::Tensor& result, const at::Tensor& shares) {
      const at::Tensor mixed = block.queries(result[row]);
      block.keys(values[row]).add_(at::bmm(shares.transpose(1, 2), mixed));
      const at::Tensor by_share =
          at::bmm(mixed, block.keys(input.values[row]).transpose(1, 2));
      const at::Tensor scores = at::_softmax_backward_data(
          by_share, shares, -1, shares.scalar_type());
      block.queries(content[row])
          .copy_(at::bmm(scores, block.keys(input.keys[row])));
      block.keys(keys[row]).add_(
          at::bmm(scores.transpose(1, 2), block.queries(input.content[row])));
      const at::Tensor of_distance = by_distance(scores);
      block.queries(position[row])
          .copy_(at::bmm(of_distance,
                         block.distances(input.distances).transpose(1, 2)));
      block.distances(distances).add_(at::bmm(
          block.queries(input.position[row]).transpose(1, 2), of_distance));
    }
  };
};

}  // namespace

at::Tensor attend_relatively(const RelativeAttention& input, int64_t block) {
  return Attend::apply(input.content, input.position, input.keys, input.values,
                       input.distances, block);
}

}  // namespace gato

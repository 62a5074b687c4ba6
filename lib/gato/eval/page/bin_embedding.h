// The arrangement of the embeddings of the bins of continuous values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gato::eval {

// Returns the coordinates of each of the `rows` vectors of `width` numbers
// along the two directions in which they vary most (principal components), and
// the share of the variance that both explain together.
struct PrincipalComponents {
  std::vector<std::pair<double, double>> coordinates;
  double explained = 0;
};
PrincipalComponents principal_components(const std::vector<float>& vectors,
                                         int64_t width);

// Returns the cosine similarity of each row with the row `distance` after it.
std::vector<double> neighbor_similarity(const std::vector<float>& vectors,
                                        int64_t width, int64_t distance);

// Returns HTML that shows the embeddings of the bins: a map of their principal
// components, and the similarity of bins at several distances.
std::string bin_embedding_html(const std::vector<float>& vectors,
                               int64_t width);

}  // namespace gato::eval

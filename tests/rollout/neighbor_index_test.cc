// The neighbors that a search finds are those of the definition.
#include "gato/rollout/neighbor_index.h"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "catch.h"
#include "gato/base/random.h"

using namespace gato;
using namespace gato::rollout;

namespace {

// Rows that are compared with a query as the definition says.
struct NaiveIndex {
  std::vector<std::vector<double>> rows;
  std::vector<int64_t> groups;

  std::vector<double> deviations() const {
    const size_t width = rows[0].size();
    const auto count = static_cast<double>(rows.size());
    std::vector<double> result;
    for (size_t i = 0; i < width; ++i) {
      double mean = 0, variance = 0;
      for (const auto& row : rows) {
        mean += (row[i] - rows[0][i]) / count;
      }
      mean += rows[0][i];
      for (const auto& row : rows) {
        variance += (row[i] - mean) * (row[i] - mean) / count;
      }
      result.push_back(variance > 0 ? std::sqrt(variance) : 1);
    }
    return result;
  }

  std::vector<int64_t> search(const std::vector<double>& query,
                              const std::vector<int64_t>& wanted_groups,
                              int64_t count) const {
    const std::vector<double> scale = deviations();
    std::vector<std::pair<double, int64_t>> found;
    for (size_t number = 0; number < rows.size(); ++number) {
      if (!std::ranges::binary_search(wanted_groups, groups[number])) {
        continue;
      }
      double distance = 0;
      for (size_t i = 0; i < query.size(); ++i) {
        const double difference = (query[i] - rows[number][i]) / scale[i];
        distance += difference * difference;
      }
      found.emplace_back(distance, static_cast<int64_t>(number));
    }
    std::ranges::sort(found);
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < found.size() && std::ssize(numbers) < count; ++i) {
      numbers.push_back(found[i].second);
    }
    return numbers;
  }
};

int64_t random_integer(base::RandomStream& random, int64_t count) {
  return static_cast<int64_t>(random.uniform_int(count));
}

// A number that is often equal or nearly equal to another one.
double random_number(base::RandomStream& random) {
  switch (random_integer(random, 6)) {
    case 0:
      return 0;
    case 1:
      return static_cast<double>(random_integer(random, 3));
    case 2:
      return 1e6 + 1e-3 * random.uniform();
    case 3:
      return 1 + 1e-9 * random.uniform();
    case 4:
      return 1e12 * random.normal();
    default:
      return random.normal();
  }
}

void check_random_search(uint64_t seed) {
  base::RandomStream random(seed);
  const int64_t width = 1 + random_integer(random, 40);
  const int64_t row_count = 1 + random_integer(random, 400);
  const int64_t group_count = 1 + random_integer(random, 3);
  NaiveIndex naive;
  NeighborIndex index(width);
  for (int64_t i = 0; i < row_count; ++i) {
    std::vector<double> row(width);
    for (double& number : row) {
      number = random_number(random);
    }
    if (i > 0 && random_integer(random, 4) == 0) {
      row = naive.rows[random_integer(random, i)];  // an exact tie
    }
    // Every group has a row.
    const int64_t group =
        i < group_count ? i : random_integer(random, group_count);
    naive.rows.push_back(row);
    naive.groups.push_back(group);
    index.add_row(row, group);
  }
  index.finish();

  std::vector<std::vector<double>> rows;
  std::vector<std::vector<int64_t>> groups;
  std::vector<NeighborIndex::Query> queries;
  for (int64_t i = 0; i < 5; ++i) {
    std::vector<double>& row = rows.emplace_back(width);
    for (double& number : row) {
      number = random_number(random);
    }
    if (random_integer(random, 2) == 0) {
      row = naive.rows[random_integer(random, row_count)];
    }
    if (random_integer(random, 4) == 0) {
      row[0] = 1e200;
    }
    std::vector<int64_t>& wanted = groups.emplace_back();
    for (int64_t group = 0; group < std::min(group_count, row_count); ++group) {
      if (group == 0 || random_integer(random, 2) == 0) {
        wanted.push_back(group);
      }
    }
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    queries.push_back({rows[i], groups[i], 1 + random_integer(random, 9)});
  }
  const auto found = index.search(queries);
  for (size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(found[i] == naive.search(rows[i], groups[i], queries[i].count));
  }
}

}  // namespace

TEST_CASE("The nearest rows are those of the definition") {
  REQUIRE(rc::check("nearest rows", [] {
    check_random_search(*rc::gen::arbitrary<uint64_t>());
  }));
}

TEST_CASE("Of equally near rows, the first is the nearest") {
  NeighborIndex index(2);
  for (int64_t i = 0; i < 100; ++i) {
    index.add_row(std::vector<double>{i % 2 == 0 ? 1.0 : -1.0, 5}, 0);
  }
  index.finish();
  const std::vector<double> query = {0, 5};
  const std::vector<int64_t> groups = {0};
  const NeighborIndex::Query queries[] = {{query, groups, 3}};
  REQUIRE(index.search(queries)[0] == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("Elements that never change count, divided by 1") {
  NeighborIndex index(2);
  index.add_row(std::vector<double>{0, 7}, 0);
  index.add_row(std::vector<double>{10, 7}, 0);
  index.finish();
  const std::vector<double> query = {4, 100};
  const std::vector<int64_t> groups = {0};
  const NeighborIndex::Query queries[] = {{query, groups, 5}};
  REQUIRE(index.search(queries)[0] == std::vector<int64_t>{0, 1});
}

TEST_CASE("Only the rows of the groups of a query are searched") {
  NeighborIndex index(1);
  for (int64_t i = 0; i < 60; ++i) {
    index.add_row(std::vector<double>{static_cast<double>(i)}, i % 3);
  }
  index.finish();
  const std::vector<double> query = {30};
  for (const std::vector<int64_t>& groups :
       std::vector<std::vector<int64_t>>{{0}, {1}, {2}, {1, 2}, {}}) {
    const NeighborIndex::Query queries[] = {{query, groups, 2}};
    const std::vector<int64_t> found = index.search(queries)[0];
    for (const int64_t number : found) {
      REQUIRE(std::ranges::binary_search(groups, number % 3));
    }
    REQUIRE(found.empty() == groups.empty());
  }
}

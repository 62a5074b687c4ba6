#include "gato/train/input/document_data.h"

#include <algorithm>
#include <span>
#include <vector>

#include "catch.h"
#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/train/input/batch_loader.h"

using namespace gato;
using namespace gato::train;
using namespace gato::test;
using Catch::Contains;

namespace {

model::ModelConfig config_of_context(int64_t context) {
  model::ModelConfig config;
  config.context = context;
  config.vocabulary = small_vocabulary();
  config.tasks = small_tasks();
  return config;
}

// Returns the tokens of every row without their padding.
std::vector<std::vector<int32_t>> tokens_of_rows(const DocumentData& data) {
  std::vector<std::vector<int32_t>> rows;
  for (int64_t i = 0; i < data.row_count(); ++i) {
    const data::SequenceView view = data.row(i).view;
    REQUIRE(std::ssize(view.tokens) == data.sequence_length());
    const auto end = std::find(view.modality.begin(), view.modality.end(),
                               static_cast<uint8_t>(data::Modality::padding));
    rows.emplace_back(view.tokens.begin(),
                      view.tokens.begin() + (end - view.modality.begin()));
  }
  return rows;
}

std::vector<int32_t> slice(const std::vector<int32_t>& tokens, int64_t begin,
                           int64_t end) {
  return {tokens.begin() + begin, tokens.begin() + end};
}

}  // namespace

TEST_CASE("Rows of an episode in memory consist of complete time steps") {
  // Ten tokens per step: six patches, a value, the separator and two actions.
  const data::TokenizedDocument episode = make_episode_document(5, 2, 3, 7);
  model::ModelConfig config = config_of_context(25);
  {
    const DocumentData data({episode}, config);
    CHECK(tokens_of_rows(data) == std::vector{slice(episode.tokens, 0, 20),
                                              slice(episode.tokens, 20, 40),
                                              slice(episode.tokens, 40, 50)});
    CHECK(data.row_location(1) == "document 0 from token 20");
    const TrainingData::Row row = data.row(2);
    const auto pixels = row.patch(data::patch_index(row.view.tokens[1]));
    CHECK(std::equal(pixels.begin(), pixels.end(),
                     episode.patches[4 * 6 + 1].begin()));
    CHECK(row.view.local_position[6] == 6);
    CHECK(row.view.local_position[24] == data::TokenRow::kNoLocalPosition);
  }
  config.window_steps = 1;
  CHECK(DocumentData({episode}, config).row_count() == 5);
  config.window_steps = 3;
  CHECK(DocumentData({episode}, config).row_count() == 3);
}

TEST_CASE("A text in memory is divided at any token") {
  const data::TokenizedDocument text = make_text_document(60);
  const DocumentData data({text}, config_of_context(25));
  CHECK(tokens_of_rows(data) == std::vector{slice(text.tokens, 0, 25),
                                            slice(text.tokens, 25, 50),
                                            slice(text.tokens, 50, 60)});
  CHECK(data.row(2).task == 1);
  CHECK(data.demonstrations().empty());
}

TEST_CASE("Labels of a document in memory become labels of its rows") {
  data::TokenizedDocument episode = make_episode_document(4, 1, 1, 7);
  CHECK(std::ranges::equal(
      DocumentData({episode}, config_of_context(10)).row(1).view.labels,
      slice(episode.tokens, 10, 20)));
  episode.labels = episode.tokens;
  episode.labels[13] = 1200;
  const DocumentData data({episode}, config_of_context(10));
  CHECK(data.row(1).view.labels[3] == 1200);
  CHECK(data.row(1).view.tokens[3] == episode.tokens[13]);

  const StepBatch batch = load_step_batch(data, {.batch_size = 2}, 0);
  CHECK(batch.target_count == 8);
}

TEST_CASE("The demonstration of a task in memory is its best episode") {
  data::TokenizedDocument unknown = make_episode_document(1, 1, 1, 1);
  unknown.total_reward = std::numeric_limits<double>::quiet_NaN();
  const DocumentData data(
      {unknown, make_episode_document(1, 1, 1, 4),
       make_episode_document(1, 1, 1, 9), make_episode_document(1, 1, 1, 2)},
      config_of_context(10));
  const auto demonstrations = data.demonstrations();
  REQUIRE(demonstrations.size() == 1);
  CHECK(demonstrations[0].total_reward == 9);
}

TEST_CASE("Documents in memory that do not fit the network are refused") {
  CHECK_THROWS_WITH(DocumentData({}, config_of_context(10)),
                    Contains("no documents"));
  data::TokenizedDocument text = make_text_document(3);
  text.task_index = 2;
  CHECK_THROWS_WITH(DocumentData({text}, config_of_context(10)),
                    Contains("document 0: task 2 is not in the task table"));
  CHECK_THROWS_WITH(
      DocumentData({make_episode_document(2, 2, 3, 1)}, config_of_context(9)),
      Contains("document 0: step 0 has 10 tokens, but a row has 9"));
}

#include "gato/train/input/document_data.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "catch.h"
#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/pack/write_sequences.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/input/sequence_file_data.h"
#include "train/same_rows.h"

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

// Writes a token file of the documents, packs it and returns the sequences.
SequenceFileData pack_in_files(
    const std::vector<data::TokenizedDocument>& documents,
    const model::ModelConfig& config, uint64_t seed,
    const TestDirectory& folder) {
  data::TokenFileWriter writer(folder / "tokens.h5", /*force=*/true,
                               config.vocabulary);
  for (const data::TokenizedDocument& document : documents) {
    writer.append(document);
  }
  writer.commit(config.tasks, small_provenance());
  pack::MixtureEntry input;
  input.files = {folder / "tokens.h5"};
  const pack::PackedDataset packing(
      {input}, {config.context, config.window_steps, seed}, /*sequences=*/0);
  pack::write_sequences(packing, {0, packing.sequences()},
                        {folder / "sequences.h5", /*force=*/true},
                        small_provenance());
  return SequenceFileData({folder / "sequences.h5"});
}

}  // namespace

TEST_CASE("Rows of documents in memory are those of a packed token file") {
  model::ModelConfig config = config_of_context(25);
  config.window_steps = GENERATE(0, 2);
  std::vector<data::TokenizedDocument> documents = {
      make_episode_document(5, 2, 3, 7), make_text_document(60),
      make_episode_document(4, 1, 1, 8), make_text_document(9)};
  if (GENERATE(false, true)) {
    documents[2].labels = documents[2].tokens;
    documents[2].labels[4] = 1200;  // the second action
  }
  config.tasks.tasks[0].episode_count = 2;
  config.tasks.tasks[0].step_count = 9;
  config.tasks.tasks[1].episode_count = 2;
  config.tasks.tasks[1].step_count = 2;
  const TestDirectory folder;
  const SequenceFileData in_file =
      pack_in_files(documents, config, /*seed=*/3, folder);
  const DocumentData in_memory(documents, config, /*seed=*/3);
  REQUIRE(in_memory.row_count() > 4);
  check_same_rows(in_memory, in_file);
  CHECK(in_memory.vocabulary().has_same_ids(in_file.vocabulary()));
  CHECK(in_memory.row_location(1) == "documents in memory: sequence 1");
  // Runs on one can be resumed on the other.
  CHECK(in_memory.fingerprint() == in_file.fingerprint());
  CHECK(in_memory.fingerprint() !=
        DocumentData(documents, config, /*seed=*/4).fingerprint());
}

TEST_CASE("A document in memory that fits into a row is read from its start") {
  data::TokenizedDocument episode = make_episode_document(2, 2, 3, 7);
  const DocumentData data({episode}, config_of_context(20));
  const TrainingData::Row row = data.row(0);
  CHECK(std::ranges::equal(row.view.labels, row.view.tokens));
  CHECK(row.view.local_position[6] == 6);
  for (size_t i = 0; i < episode.tokens.size(); ++i) {
    const int32_t token = episode.tokens[i], read = row.view.tokens[i];
    if (data::is_patch(token)) {
      REQUIRE(std::ranges::equal(row.patch(data::patch_index(read)),
                                 episode.patches[data::patch_index(token)]));
    } else {
      REQUIRE(read == token);
    }
  }
  episode.labels = episode.tokens;
  episode.labels[19] = 1200;
  const DocumentData labeled_data({episode}, config_of_context(20));
  const TrainingData::Row labeled = labeled_data.row(0);
  CHECK(labeled.view.labels[19] == 1200);
  CHECK(labeled.view.tokens[19] == episode.tokens[19]);

  const StepBatch batch = load_step_batch(labeled_data, {.batch_size = 1}, 0);
  CHECK(batch.target_count == 4);
}

TEST_CASE("Texts in memory have no demonstrations") {
  const DocumentData data({make_text_document(60)}, config_of_context(25));
  CHECK(data.row_count() == 3);
  CHECK(data.row(2).task == 1);
  CHECK(data.demonstrations().empty());
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
  CHECK_THROWS_WITH(
      DocumentData({make_text_document(0)}, config_of_context(10)),
      Contains("documents in memory: contains no tokens"));
  data::TokenizedDocument text = make_text_document(3);
  text.task_index = 2;
  CHECK_THROWS_WITH(DocumentData({text}, config_of_context(10)),
                    Contains("document 0: task 2 is not in the task table"));
  CHECK_THROWS_WITH(
      DocumentData({make_episode_document(2, 2, 3, 1)}, config_of_context(9)),
      Contains("document 0: step 0 has 10 tokens, but a row has 9"));
}

#include "gato/train/input/document_data.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/token_columns.h"
#include "gato/tokenize/task_codec.h"

namespace gato::train {
namespace {

void check_document(const data::TokenizedDocument& document, size_t index,
                    const model::ModelConfig& config) {
  const int32_t task = document.task_index;
  if (task < 0 || task >= std::ssize(config.tasks.tasks)) {
    throw base::input_error(
        "document {}: task {} is not in the task table of the network", index,
        task);
  }
  if (!document.is_episode) {
    return;
  }
  for (size_t step = 0; step + 1 < document.step_offset.size(); ++step) {
    const int64_t tokens =
        document.step_offset[step + 1] - document.step_offset[step];
    if (tokens > config.context) {
      throw base::input_error(
          "document {}: step {} has {} tokens, but a row has {}: increase the "
          "context of the network",
          index, step, tokens, config.context);
    }
  }
}

// Returns all documents of a new table.
pack::DocumentSelection make_selection(
    const std::vector<data::TokenizedDocument>& documents,
    const model::ModelConfig& config) {
  if (documents.empty()) {
    throw base::input_error("there are no documents to train on");
  }
  data::TokenColumns columns;
  for (size_t i = 0; i < documents.size(); ++i) {
    check_document(documents[i], i, config);
    columns.append(documents[i]);
  }
  std::vector<int64_t> indices(documents.size());
  std::iota(indices.begin(), indices.end(), 0);
  return {.table = std::make_shared<const data::TokenTable>(
              std::move(columns).to_table("documents in memory",
                                          config.vocabulary, config.tasks)),
          .documents = std::move(indices)};
}

std::vector<data::TokenizedDocument> encode_episodes(
    const std::vector<data::Episode>& episodes, const data::TaskSpec& task,
    const model::ModelConfig& config) {
  const auto codec = tokenize::TaskCodec::for_environment(
      task, config.vocabulary, config.tasks);
  std::vector<data::TokenizedDocument> documents;
  for (const data::Episode& episode : episodes) {
    documents.push_back(
        base::with_context(fmt::format("episode {}", documents.size()),
                           [&] { return codec.encode_episode(episode); }));
  }
  return documents;
}

}  // namespace

DocumentData::DocumentData(
    const std::vector<data::TokenizedDocument>& documents,
    const model::ModelConfig& config, uint64_t seed)
    : DocumentData(make_selection(documents, config),
                   {config.context, config.window_steps, seed}) {}

DocumentData::DocumentData(const std::vector<data::Episode>& episodes,
                           const data::TaskSpec& task,
                           const model::ModelConfig& config, uint64_t seed)
    : DocumentData(encode_episodes(episodes, task, config), config, seed) {}

DocumentData::DocumentData(const pack::DocumentSelection& selection,
                           const pack::PackingOptions& options,
                           int64_t min_rows)
    : PackedData(
          std::make_unique<const pack::PackedDataset>(selection, options)),
      table_(*selection.table),
      row_count_(std::max(min_rows, packing().sequences())),
      patch_numbers_(number_patches()) {}

TrainingData::Row DocumentData::row(int64_t i) const {
  pack::PackedRow packed = packing().row(i);
  packed.renumber_patches([](pack::PatchRef ref) { return ref.index; });
  Row row = make_row(std::move(packed.row), {});
  row.patches = table_.patch_pixels();
  return row;
}

std::string DocumentData::row_location(int64_t i) const {
  return fmt::format("{}: sequence {}", display_name(), i);
}

nlohmann::json DocumentData::fingerprint() const {
  nlohmann::json json = common_fingerprint(patch_numbers_);
  json["sequences"] = nlohmann::json::array({row_count()});
  return json;
}

std::vector<int32_t> DocumentData::number_patches() const {
  constexpr int32_t kUnused = -1;
  std::vector<int32_t> numbers(table_.distinct_patch_count(), kUnused);
  if (numbers.empty()) {
    return numbers;
  }
  int32_t next = 0;
  for (int64_t i = 0; i < row_count_; ++i) {
    for (const pack::PatchRef& ref : packing().row(i).patches) {
      if (numbers[ref.index] == kUnused) {
        numbers[ref.index] = next++;
      }
    }
  }
  return numbers;
}

}  // namespace gato::train

#include "gato/train/input/document_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "gato/base/error.h"

namespace gato::train {

DocumentData::DocumentData(std::vector<data::TokenizedDocument> documents,
                           const model::ModelConfig& config)
    : documents_(std::move(documents)),
      vocabulary_(config.vocabulary),
      tasks_(config.tasks),
      length_(config.context),
      window_steps_(config.window_steps) {
  for (size_t i = 0; i < documents_.size(); ++i) {
    const int32_t task = documents_[i].task_index;
    if (task < 0 || task >= std::ssize(tasks_.tasks)) {
      throw base::input_error(
          "document {}: task {} is not in the task table of the network", i,
          task);
    }
    add_rows(i);
  }
  if (rows_.empty()) {
    throw base::input_error("there are no documents to train on");
  }
}

int64_t DocumentData::row_end(size_t document_index, int64_t begin) const {
  const data::TokenizedDocument& document = documents_[document_index];
  if (!document.is_episode) {
    return std::min(begin + length_, std::ssize(document.tokens));
  }
  // The last offset that is within the row and the window. `step` is the
  // offset of the row's first step.
  const auto step = std::lower_bound(document.step_offset.begin(),
                                     document.step_offset.end(), begin);
  auto end =
      std::upper_bound(step, document.step_offset.end(), begin + length_);
  if (window_steps_ > 0 && end - step > window_steps_ + 1) {
    end = step + window_steps_ + 1;
  }
  if (end - step < 2) {
    throw base::input_error(
        "document {}: step {} has {} tokens, but a row has {}: increase the "
        "context of the network",
        document_index, step - document.step_offset.begin(),
        *(step + 1) - *step, length_);
  }
  return *(end - 1);
}

void DocumentData::add_rows(size_t document_index) {
  const data::TokenizedDocument& document = documents_[document_index];
  int64_t begin = 0;
  while (begin < std::ssize(document.tokens)) {
    const int64_t end = row_end(document_index, begin);
    data::SequenceRow row;
    row.features = data::make_token_row(document, begin, end);
    row.features.resize(length_);
    if (!document.labels.empty()) {
      row.labels.assign(document.labels.begin() + begin,
                        document.labels.begin() + end);
      row.labels.resize(length_, 0);
    }
    row.segment_ids.resize(length_, 0);
    row.prompt_mask.resize(length_, 0);
    row.task_index = document.task_index;
    rows_.push_back({document_index, begin, std::move(row)});
    begin = end;
  }
}

TrainingData::Row DocumentData::row(int64_t i) const {
  const DocumentRow& stored = rows_[static_cast<size_t>(i)];
  return view_row(stored.row, documents_[stored.document].patches);
}

std::string DocumentData::row_location(int64_t i) const {
  const DocumentRow& stored = rows_[static_cast<size_t>(i)];
  return fmt::format("document {} from token {}", stored.document,
                     stored.begin);
}

std::vector<data::TokenizedDocument> DocumentData::demonstrations() const {
  std::map<int32_t, const data::TokenizedDocument*> best;
  for (const data::TokenizedDocument& document : documents_) {
    if (!document.is_episode) {
      continue;
    }
    const data::TokenizedDocument*& known = best[document.task_index];
    // A return that is not known is NaN.
    if (known == nullptr || std::isnan(known->total_reward) ||
        document.total_reward > known->total_reward) {
      known = &document;
    }
  }
  std::vector<data::TokenizedDocument> demonstrations;
  for (const auto& [task, document] : best) {
    demonstrations.push_back(*document);
  }
  return demonstrations;
}

nlohmann::json DocumentData::fingerprint() const {
  nlohmann::json json = common_fingerprint();
  json["documents"] = documents_.size();
  json["sequences"] = row_count();
  return json;
}

}  // namespace gato::train

#include "gato/train/sequence_set.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "gato/base/digest.h"
#include "gato/base/error.h"

namespace gato {
namespace {

void check_agreement(const SequenceFileReader& first,
                     const SequenceFileReader& other) {
  const auto& a = first.options();
  const auto& b = other.options();
  if (!first.vocabulary().same_ids(other.vocabulary())) {
    throw input_error(
        "{} and {} have different vocabularies; pack token files that were "
        "made with one text model",
        first.path().string(), other.path().string());
  }
  if (a.length != b.length) {
    throw input_error(
        "{} has sequences of {} tokens, {} of {}; pack both with one --length",
        first.path().string(), a.length, other.path().string(), b.length);
  }
  if (a.window_steps != b.window_steps) {
    throw input_error(
        "{} has windows of {} steps, {} of {}; pack both with one "
        "--window-steps",
        first.path().string(), a.window_steps, other.path().string(),
        b.window_steps);
  }
}

}  // namespace

SequenceSet::SequenceSet(const std::vector<std::filesystem::path>& paths) {
  if (paths.empty()) throw usage_error("no sequence file was given");
  for (const auto& path : paths) {
    files_.emplace_back(path);
    check_agreement(files_.front(), files_.back());
    first_row_.push_back(first_row_.back() + files_.back().sequences());
    merge_tasks(files_.back().tasks());
  }
  if (rows() == 0) {
    throw input_error("{} holds no sequences", paths.front().string());
  }
}

int64_t SequenceSet::length() const { return files_.front().options().length; }

int64_t SequenceSet::window_steps() const {
  return files_.front().options().window_steps;
}

const Vocabulary& SequenceSet::vocabulary() const {
  return files_.front().vocabulary();
}

SequenceSet::Row SequenceSet::row(int64_t i) const {
  const auto next = std::upper_bound(first_row_.begin(), first_row_.end(), i);
  const size_t file = next - first_row_.begin() - 1;
  Row row{files_[file].row(i - first_row_[file]), &files_[file], uint32_t(file),
          0};
  row.task = task_of_[file].at(row.view.task);
  return row;
}

std::vector<TokenizedDocument> SequenceSet::demonstrations() const {
  std::vector<TokenizedDocument> result;
  std::set<int32_t> seen;
  for (size_t file = 0; file < files_.size(); ++file) {
    for (TokenizedDocument& document : files_[file].demonstrations()) {
      document.task = task_of_[file].at(document.task);
      if (seen.insert(document.task).second) {
        result.push_back(std::move(document));
      }
    }
  }
  return result;
}

nlohmann::json SequenceSet::fingerprint() const {
  nlohmann::json sequences = nlohmann::json::array();
  for (const auto& file : files_) sequences.push_back(file.sequences());
  return {{"sequences", sequences},
          {"digest", sampled_digest()},
          {"length", length()},
          {"window_steps", window_steps()},
          {"vocabulary", vocabulary().to_json()}};
}

std::string SequenceSet::sampled_digest() const {
  constexpr int64_t samples = 1024;
  Digest digest;
  const int64_t count = std::min(rows(), samples);
  for (int64_t i = 0; i < count; ++i) {
    // The first, the last, and evenly between them.
    const Row row = this->row(count == 1 ? 0 : i * (rows() - 1) / (count - 1));
    const SequenceView& view = row.view;
    digest.add(std::as_bytes(std::span(&view.task, 1)));
    digest.add(std::as_bytes(view.tokens));
    digest.add(std::as_bytes(view.labels));
    digest.add(std::as_bytes(view.modality));
    digest.add(std::as_bytes(view.local));
    digest.add(std::as_bytes(view.interval));
    digest.add(std::as_bytes(view.prompt));
    for (size_t place = 0; place < view.tokens.size(); ++place) {
      if (Modality(view.modality[place]) == Modality::patch) {
        digest.add(std::as_bytes(row.file->patch(-1 - view.tokens[place])));
      }
    }
  }
  return digest.hex();
}

void SequenceSet::merge_tasks(const TaskTable& table) {
  std::vector<int32_t>& numbers = task_of_.emplace_back();
  for (const TaskEntry& entry : table.tasks) {
    const auto same = std::find_if(tasks_.tasks.begin(), tasks_.tasks.end(),
                                   [&](const TaskEntry& known) {
                                     return known.spec.name == entry.spec.name;
                                   });
    numbers.push_back(int32_t(same - tasks_.tasks.begin()));
    if (same == tasks_.tasks.end()) tasks_.tasks.push_back(entry);
  }
  for (const std::string& source : table.sources) {
    const auto same =
        std::find(tasks_.sources.begin(), tasks_.sources.end(), source);
    if (same == tasks_.sources.end()) tasks_.sources.push_back(source);
  }
}

}  // namespace gato

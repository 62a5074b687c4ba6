#include "gato/train/sequence_set.h"

#include <algorithm>
#include <set>
#include <utility>

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

size_t SequenceSet::file_of(int64_t row) const {
  return std::ranges::upper_bound(first_row_, row) - first_row_.begin() - 1;
}

TrainingData::Row SequenceSet::row(int64_t i) const {
  const size_t file = file_of(i);
  Row row;
  row.view = files_[file].row(i - first_row_[file]);
  row.patches = files_[file].patches();
  row.task = task_of_[file].at(row.view.task);
  return row;
}

std::string SequenceSet::place_of(int64_t i) const {
  const size_t file = file_of(i);
  return fmt::format("{}: sequence {}", files_[file].path().string(),
                     i - first_row_[file]);
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

void SequenceSet::record(Provenance& provenance) const {
  for (const auto& file : files_) {
    provenance.add_input(file.path());
    provenance.add_parent(file.provenance());
  }
}

nlohmann::json SequenceSet::fingerprint() const {
  nlohmann::json json = common_fingerprint();
  for (const auto& file : files_) json["sequences"].push_back(file.sequences());
  return json;
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

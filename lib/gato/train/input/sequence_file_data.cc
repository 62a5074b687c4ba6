#include "gato/train/input/sequence_file_data.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gato/base/error.h"

// Row i of the data is row i - first_rows_[f] of file f, the last file whose
// first row is not after i. Every file has its own task table. Tasks of the
// same name are merged, and task_mapping_ translates the task indices of a file
// into indices of the merged table.
namespace gato::train {
namespace {

void check_same_format(const data::SequenceFileReader& first,
                       const data::SequenceFileReader& other) {
  const auto& a = first.info();
  const auto& b = other.info();
  if (!first.vocabulary().has_same_ids(other.vocabulary())) {
    throw base::input_error(
        "{} and {} have different vocabularies: pack token files that were "
        "tokenized with the same --text-model and --discrete",
        first.path().string(), other.path().string());
  }
  if (a.sequence_length != b.sequence_length) {
    throw base::input_error(
        "{} has sequences of {} tokens, but {} of {}: pack both with the same "
        "--length",
        first.path().string(), a.sequence_length, other.path().string(),
        b.sequence_length);
  }
  if (a.window_steps != b.window_steps) {
    throw base::input_error(
        "{} has windows of {} steps, but {} of {}: pack both with the same "
        "--window-steps",
        first.path().string(), a.window_steps, other.path().string(),
        b.window_steps);
  }
}

}  // namespace

SequenceFileData::SequenceFileData(
    const std::vector<std::filesystem::path>& paths) {
  if (paths.empty()) {
    throw base::usage_error("no sequence file was given");
  }
  for (const auto& path : paths) {
    files_.emplace_back(path);
    check_same_format(files_.front(), files_.back());
    first_rows_.push_back(first_rows_.back() + files_.back().sequence_count());
    merge_tasks(files_.back().tasks());
  }
  if (row_count() == 0) {
    throw base::input_error("{} contains no sequences", paths.front().string());
  }
}

int64_t SequenceFileData::sequence_length() const {
  return files_.front().info().sequence_length;
}

int64_t SequenceFileData::window_steps() const {
  return files_.front().info().window_steps;
}

const data::Vocabulary& SequenceFileData::vocabulary() const {
  return files_.front().vocabulary();
}

size_t SequenceFileData::file_index(int64_t row) const {
  return std::ranges::upper_bound(first_rows_, row) - first_rows_.begin() - 1;
}

TrainingData::Row SequenceFileData::row(int64_t i) const {
  const size_t file = file_index(i);
  Row row;
  row.view = files_[file].row(i - first_rows_[file]);
  row.patches = files_[file].patch_pixels();
  row.task = task_mapping_[file].at(row.view.task_index);
  return row;
}

std::string SequenceFileData::row_location(int64_t i) const {
  const size_t file = file_index(i);
  return fmt::format("{}: sequence {}", files_[file].path().string(),
                     i - first_rows_[file]);
}

std::vector<data::TokenizedDocument> SequenceFileData::demonstrations() const {
  std::vector<data::TokenizedDocument> result;
  std::set<int32_t> seen;
  for (size_t file = 0; file < files_.size(); ++file) {
    for (data::TokenizedDocument& document :
         files_[file].read_demonstrations()) {
      document.task_index = task_mapping_[file].at(document.task_index);
      if (seen.insert(document.task_index).second) {
        result.push_back(std::move(document));
      }
    }
  }
  return result;
}

void SequenceFileData::record_inputs(data::Provenance& provenance) const {
  for (const auto& file : files_) {
    provenance.add_input(file.path());
    provenance.add_parent(file.provenance());
  }
}

nlohmann::json SequenceFileData::fingerprint() const {
  nlohmann::json json = common_fingerprint();
  for (const auto& file : files_) {
    json["sequences"].push_back(file.sequence_count());
  }
  return json;
}

std::vector<std::string> SequenceFileData::file_names() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& file : files_) {
    names.push_back(file.path().string());
  }
  return names;
}

void SequenceFileData::merge_tasks(const data::TaskTable& table) {
  std::vector<int32_t>& merged_indices = task_mapping_.emplace_back();
  for (const data::TaskEntry& entry : table.tasks) {
    const auto known = tasks_.find(entry.spec.name);
    merged_indices.push_back(
        known.value_or(static_cast<int32_t>(tasks_.tasks.size())));
    if (!known) {
      tasks_.tasks.push_back(entry);
    }
  }
  for (const std::string& source : table.sources) {
    const auto same =
        std::find(tasks_.sources.begin(), tasks_.sources.end(), source);
    if (same == tasks_.sources.end()) {
      tasks_.sources.push_back(source);
    }
  }
}

}  // namespace gato::train

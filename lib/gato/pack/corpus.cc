#include "gato/pack/corpus.h"

#include <algorithm>

#include "gato/base/error.h"
#include "gato/data/hdf5.h"

// A document is addressed by one index over all files. locate() finds its file
// by bisection, and the tables task_index_ and source_index_ map the tasks and
// sources of that file to the merged ones. All other methods forward to the
// reader of the file.

namespace gato::pack {
namespace {

namespace fs = std::filesystem;

// Returns whether the tokens of two tasks have the same meaning. Bounds matter
// only for actions; observations are mu-law encoded whatever their bounds.
bool are_compatible(const data::TaskEntry& one, const data::TaskEntry& other) {
  const data::TaskSpec &first = one.spec, &second = other.spec;
  const auto same_observation = [](const data::Field& a, const data::Field& b) {
    return a.name == b.name && a.role == b.role && a.shape == b.shape &&
           a.start == b.start;
  };
  return std::ranges::equal(first.observation_fields, second.observation_fields,
                            same_observation) &&
         first.action_fields == second.action_fields &&
         one.image_height == other.image_height &&
         one.image_width == other.image_width;
}

// Returns the index of the item with the name of `item` in the list, to which
// `item` is appended if it is new.
template <class Item, class Name>
int32_t find_or_add(std::vector<Item>& list, const Item& item, Name name) {
  const size_t index = std::ranges::find(list, name(item), name) - list.begin();
  if (index == list.size()) list.push_back(item);
  return static_cast<int32_t>(index);
}

void merge(data::TaskEntry& into, const data::TaskEntry& from) {
  into.episode_count += from.episode_count;
  into.step_count += from.step_count;
  if (!into.expert_return) into.expert_return = from.expert_return;
  if (!into.random_return) into.random_return = from.random_return;
  if (into.filter.is_null()) into.filter = from.filter;
}

}  // namespace

Corpus::Corpus(const std::vector<MixtureEntry>& mixture) {
  for (const MixtureEntry& entry : mixture) {
    for (const fs::path& file : entry.files) add_file(file);
  }
  if (documents_ == 0) {
    throw base::input_error(
        "{}: contains no documents{}", files_.front().path().string(),
        files_.size() > 1 ? ", and neither do the others" : "");
  }
}

void Corpus::add_file(const fs::path& file) {
  const fs::path path = fs::weakly_canonical(file);
  if (std::ranges::find(paths_, path) != paths_.end()) return;
  files_.emplace_back(file);
  paths_.push_back(path);
  const data::TokenFileReader& reader = files_.back();
  if (reader.document_count() > 0 && reader.token_count() == 0) {
    throw base::input_error("{}: contains no tokens", file.string());
  }
  if (!reader.vocabulary().has_same_ids(vocabulary())) {
    throw base::input_error(
        "{}: its vocabulary (digest {}, {} ids) differs from that of {} "
        "(digest {}, {} ids): tokenize both with the same --text-model and "
        "--discrete",
        file.string(), reader.vocabulary().digest, reader.vocabulary().size(),
        files_.front().path().string(), vocabulary().digest,
        vocabulary().size());
  }
  if (files_.size() > 1) files_.back().discard_text_model();
  first_document_.push_back(documents_);
  documents_ += reader.document_count();
  merge_tasks(reader);
}

void Corpus::merge_tasks(const data::TokenFileReader& reader) {
  const auto task_name = [](const data::TaskEntry& task) {
    return task.spec.name;
  };
  std::vector<int32_t>& task_indices = task_index_.emplace_back();
  for (const data::TaskEntry& task : reader.tasks().tasks) {
    const size_t known = tasks_.tasks.size();
    const int32_t index = find_or_add(tasks_.tasks, task, task_name);
    if (static_cast<size_t>(index) < known) {
      data::TaskEntry& merged = tasks_.tasks[index];
      if (!are_compatible(merged, task)) {
        throw base::input_error(
            "{}: task \"{}\" has other observations, actions or image sizes "
            "than the task of that name in an earlier input: tokenize one of "
            "them with another --task name, or both with the same options",
            reader.path().string(), task.spec.name);
      }
      merge(merged, task);
    }
    task_indices.push_back(index);
  }
  std::vector<int32_t>& source_indices = source_index_.emplace_back();
  for (const std::string& source : reader.tasks().sources) {
    source_indices.push_back(
        find_or_add(tasks_.sources, source, std::identity{}));
  }
}

bool Corpus::has_labels() const {
  return std::ranges::any_of(files_, &data::TokenFileReader::has_labels);
}

bool Corpus::is_thread_safe() const {
  return data::hdf5::is_thread_safe() ||
         std::ranges::all_of(files_, &data::TokenFileReader::is_mapped);
}

void Corpus::record_provenance(data::Provenance& provenance) const {
  for (const data::TokenFileReader& file : files_) {
    provenance.add_input(file.path());
    provenance.add_parent(file.provenance());
  }
}

void Corpus::release_pages() const {
  for (const data::TokenFileReader& file : files_) file.drop_pages();
}

int64_t Corpus::tokens() const {
  int64_t sum = 0;
  for (const data::TokenFileReader& file : files_) sum += file.token_count();
  return sum;
}

Corpus::Range Corpus::documents_in(const fs::path& file) const {
  const size_t index =
      std::ranges::find(paths_, fs::weakly_canonical(file)) - paths_.begin();
  const int64_t first = first_document_.at(index);
  return {first, first + files_[index].document_count()};
}

Corpus::Location Corpus::locate(int64_t document) const {
  const size_t file = std::ranges::upper_bound(first_document_, document) -
                      first_document_.begin() - 1;
  return {files_[file], file, document - first_document_[file]};
}

int32_t Corpus::task(int64_t document) const {
  const Location location = locate(document);
  return task_index_[location.file_index]
                    [location.file.task_index(location.document)];
}

int32_t Corpus::source(int64_t document) const {
  const Location location = locate(document);
  const auto index =
      static_cast<size_t>(location.file.source_index(location.document));
  const std::vector<int32_t>& merged = source_index_[location.file_index];
  return index < merged.size() ? merged[index] : kUnknownSource;
}

double Corpus::total_reward(int64_t document) const {
  const Location location = locate(document);
  return location.file.total_reward(location.document);
}

bool Corpus::is_episode(int64_t document) const {
  return !tasks_.tasks[task(document)].spec.action_fields.empty();
}

int64_t Corpus::tokens(int64_t document) const {
  const Location location = locate(document);
  return location.file.document_length(location.document);
}

int64_t Corpus::steps(int64_t document) const {
  const Location location = locate(document);
  return location.file.first_step(location.document + 1) -
         location.file.first_step(location.document);
}

int64_t Corpus::step_offset(int64_t document, int64_t step) const {
  const Location location = locate(document);
  const int64_t first = location.file.first_step(location.document);
  return location.file.step_offset(first + step) -
         location.file.step_offset(first);
}

int64_t Corpus::step_at(int64_t document, int64_t token) const {
  // Bisection with step_offset(low) <= token < step_offset(high).
  int64_t low = 0, high = steps(document);
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (step_offset(document, middle) <= token ? low : high) = middle;
  }
  return low;
}

int32_t Corpus::file_index(int64_t document) const {
  return static_cast<int32_t>(locate(document).file_index);
}

Corpus::Slice Corpus::read(int64_t document, int64_t begin, int64_t end,
                           data::PatchNumbering numbers) const {
  const Location location = locate(document);
  if (!is_episode(document)) {
    data::TokenizedDocument slice =
        location.file.read_token_range(location.document, begin, end, numbers);
    return {std::move(slice), begin};
  }
  const int64_t first = step_at(document, begin);
  const int64_t last = step_at(document, end - 1) + 1;
  return {location.file.read_steps(location.document, first, last, numbers),
          step_offset(document, first)};
}

}  // namespace gato::pack

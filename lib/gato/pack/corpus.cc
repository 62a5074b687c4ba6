#include "gato/pack/corpus.h"

#include <algorithm>

#include "gato/base/error.h"
#include "gato/data/hdf5.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// Whether tokens of two tasks mean the same. Bounds matter for actions alone:
// observations are companded whatever their bounds are.
bool same_meaning(const TaskEntry& one, const TaskEntry& other) {
  const TaskSpec &first = one.spec, &second = other.spec;
  const auto same_observation = [](const Field& a, const Field& b) {
    return a.name == b.name && a.role == b.role && a.shape == b.shape &&
           a.start == b.start;
  };
  return std::ranges::equal(first.observation, second.observation,
                            same_observation) &&
         first.action == second.action &&
         one.image_height == other.image_height &&
         one.image_width == other.image_width;
}

// Place of the item of that name in the list, where it is added if it is new.
template <class Item, class Name>
int32_t find_or_add(std::vector<Item>& list, const Item& item, Name name) {
  const size_t place = std::ranges::find(list, name(item), name) - list.begin();
  if (place == list.size()) list.push_back(item);
  return static_cast<int32_t>(place);
}

void merge(TaskEntry& into, const TaskEntry& from) {
  into.episodes += from.episodes;
  into.steps += from.steps;
  if (!into.expert_return) into.expert_return = from.expert_return;
  if (!into.random_return) into.random_return = from.random_return;
  if (into.filter.is_null()) into.filter = from.filter;
}

}  // namespace

Corpus::Corpus(const std::vector<MixtureEntry>& mixture) {
  for (const MixtureEntry& entry : mixture) {
    for (const fs::path& file : entry.files) {
      const fs::path path = fs::weakly_canonical(file);
      if (std::ranges::find(paths_, path) != paths_.end()) continue;
      files_.emplace_back(file);
      paths_.push_back(path);
      const TokenFileReader& reader = files_.back();
      if (reader.documents() > 0 && reader.tokens() == 0)
        throw input_error("{}: holds no tokens", file.string());
      if (!reader.vocabulary().same_ids(vocabulary()))
        throw input_error(
            "{}: another vocabulary (digest {}, {} ids) than {} (digest {}, {} "
            "ids): tokenize both with the same --text-model and --discrete",
            file.string(), reader.vocabulary().digest,
            reader.vocabulary().size(), files_.front().path().string(),
            vocabulary().digest, vocabulary().size());
      if (files_.size() > 1) files_.back().forget_text_model();
      first_document_.push_back(documents_);
      documents_ += reader.documents();
      merge_tasks(reader);
    }
  }
  if (documents_ == 0)
    throw input_error("{}: holds no document{}", files_.front().path().string(),
                      files_.size() > 1 ? ", and neither do the others" : "");
}

void Corpus::merge_tasks(const TokenFileReader& reader) {
  const auto task_name = [](const TaskEntry& task) { return task.spec.name; };
  std::vector<int32_t>& own_tasks = task_of_.emplace_back();
  for (const TaskEntry& task : reader.tasks().tasks) {
    const size_t known = tasks_.tasks.size();
    const int32_t number = find_or_add(tasks_.tasks, task, task_name);
    if (static_cast<size_t>(number) < known) {
      TaskEntry& merged = tasks_.tasks[number];
      if (!same_meaning(merged, task))
        throw input_error(
            "{}: task \"{}\" has other observations, actions or sizes of "
            "images than the task of that name in an earlier input: give one "
            "of them another --task name when it is tokenized, or tokenize "
            "both alike",
            reader.path().string(), task.spec.name);
      merge(merged, task);
    }
    own_tasks.push_back(number);
  }
  std::vector<int32_t>& own_sources = source_of_.emplace_back();
  for (const std::string& source : reader.tasks().sources)
    own_sources.push_back(find_or_add(tasks_.sources, source, std::identity{}));
}

bool Corpus::has_labels() const {
  return std::ranges::any_of(files_, &TokenFileReader::has_labels);
}

bool Corpus::is_shareable() const {
  return hdf5::is_thread_safe() ||
         std::ranges::all_of(files_, &TokenFileReader::is_mapped);
}

void Corpus::record(Provenance& provenance) const {
  for (const TokenFileReader& file : files_) {
    provenance.add_input(file.path());
    provenance.add_parent(file.provenance());
  }
}

void Corpus::release() const {
  for (const TokenFileReader& file : files_) file.release();
}

int64_t Corpus::tokens() const {
  int64_t sum = 0;
  for (const TokenFileReader& file : files_) sum += file.tokens();
  return sum;
}

Corpus::Range Corpus::documents_of(const fs::path& file) const {
  const size_t index =
      std::ranges::find(paths_, fs::weakly_canonical(file)) - paths_.begin();
  const int64_t first = first_document_.at(index);
  return {first, first + files_[index].documents()};
}

Corpus::Place Corpus::place(int64_t document) const {
  const size_t file = std::ranges::upper_bound(first_document_, document) -
                      first_document_.begin() - 1;
  return {files_[file], file, document - first_document_[file]};
}

int32_t Corpus::task(int64_t document) const {
  const Place at = place(document);
  return task_of_[at.index][at.file.task(at.document)];
}

int32_t Corpus::source(int64_t document) const {
  const Place at = place(document);
  const auto own = static_cast<size_t>(at.file.source(at.document));
  const std::vector<int32_t>& merged = source_of_[at.index];
  return own < merged.size() ? merged[own] : unknown_source;
}

double Corpus::total_reward(int64_t document) const {
  const Place at = place(document);
  return at.file.total_reward(at.document);
}

bool Corpus::is_episode(int64_t document) const {
  return !tasks_.tasks[task(document)].spec.action.empty();
}

int64_t Corpus::tokens(int64_t document) const {
  const Place at = place(document);
  return at.file.token_count(at.document);
}

int64_t Corpus::steps(int64_t document) const {
  const Place at = place(document);
  return at.file.first_step(at.document + 1) - at.file.first_step(at.document);
}

int64_t Corpus::step_offset(int64_t document, int64_t step) const {
  const Place at = place(document);
  const int64_t first = at.file.first_step(at.document);
  return at.file.step_offset(first + step) - at.file.step_offset(first);
}

int64_t Corpus::step_at(int64_t document, int64_t token) const {
  int64_t low = 0,
          high = steps(document);  // offset(low) <= token < offset(high)
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (step_offset(document, middle) <= token ? low : high) = middle;
  }
  return low;
}

int32_t Corpus::file_of(int64_t document) const {
  return static_cast<int32_t>(place(document).index);
}

Corpus::Piece Corpus::read(int64_t document, int64_t begin, int64_t end,
                           PatchNumbers numbers) const {
  const Place at = place(document);
  if (!is_episode(document)) {
    TokenizedDocument slice = at.file.slice(at.document, begin, end, numbers);
    return {std::move(slice), begin};
  }
  const int64_t first = step_at(document, begin);
  const int64_t last = step_at(document, end - 1) + 1;
  return {at.file.window(at.document, first, last, numbers),
          step_offset(document, first)};
}

}  // namespace gato

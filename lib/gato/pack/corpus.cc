#include "gato/pack/corpus.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5.h"

// A document is addressed by one index over all tables. locate() finds its
// table by bisection, and task_index_ and source_index_ map the tasks and
// sources of that table to the merged ones. All other functions forward to the
// table.

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
  if (index == list.size()) {
    list.push_back(item);
  }
  return static_cast<int32_t>(index);
}

// Adds the task of the input `from_name` to the task of the same name.
void merge(data::TaskEntry& into, const data::TaskEntry& from,
           const std::string& from_name) {
  for (const nlohmann::json& settings : from.settings) {
    data::add_settings_of(from_name, settings, into);
  }
  into.episode_count += from.episode_count;
  into.step_count += from.step_count;
  if (!into.expert_return) {
    into.expert_return = from.expert_return;
  }
  if (!into.random_return) {
    into.random_return = from.random_return;
  }
  if (into.filter.is_null()) {
    into.filter = from.filter;
  }
}

}  // namespace

Corpus::Corpus(const std::vector<MixtureEntry>& mixture) {
  for (const MixtureEntry& entry : mixture) {
    for (const fs::path& file : entry.files) {
      add_file(file);
    }
  }
  if (documents_ == 0) {
    throw base::input_error(
        "{}: contains no documents{}", tables_.front()->name(),
        tables_.size() > 1 ? ", and neither do the others" : "");
  }
}

Corpus::Corpus(DocumentSelection selection)
    : selection_(std::move(selection.documents)) {
  if (selection_.empty()) {
    throw base::input_error("{}: no document is selected",
                            selection.table->name());
  }
  add_table(std::move(selection.table), std::ssize(selection_));
  if (tokens() == 0) {
    throw base::input_error("{}: contains no tokens", tables_.front()->name());
  }
  count_selected_steps();
}

void Corpus::add_file(const fs::path& file) {
  const fs::path path = fs::weakly_canonical(file);
  if (std::ranges::find(paths_, path) != paths_.end()) {
    return;
  }
  const auto reader = std::make_shared<data::TokenFileReader>(file);
  if (reader->document_count() > 0 && reader->token_count() == 0) {
    throw base::input_error("{}: contains no tokens", file.string());
  }
  if (!tables_.empty()) {
    if (!reader->vocabulary().has_same_ids(vocabulary())) {
      throw base::input_error(
          "{}: its vocabulary (digest {}, {} ids) differs from that of {} "
          "(digest {}, {} ids): tokenize both with the same --text-model and "
          "--discrete",
          file.string(), reader->vocabulary().digest,
          reader->vocabulary().size(), tables_.front()->name(),
          vocabulary().digest, vocabulary().size());
    }
    reader->discard_text_model();
  }
  files_.push_back(reader);
  paths_.push_back(path);
  add_table(reader, reader->document_count());
}

void Corpus::add_table(std::shared_ptr<const data::TokenTable> table,
                       int64_t documents) {
  merge_tasks(*table);
  tables_.push_back(std::move(table));
  first_document_.push_back(documents_);
  documents_ += documents;
}

void Corpus::merge_tasks(const data::TokenTable& table) {
  const auto task_name = [](const data::TaskEntry& task) {
    return task.spec.name;
  };
  std::vector<int32_t>& task_indices = task_index_.emplace_back();
  for (const data::TaskEntry& task : table.tasks().tasks) {
    const size_t known = tasks_.tasks.size();
    const int32_t index = find_or_add(tasks_.tasks, task, task_name);
    if (static_cast<size_t>(index) < known) {
      data::TaskEntry& merged = tasks_.tasks[index];
      if (!are_compatible(merged, task)) {
        throw base::input_error(
            "{}: task \"{}\" has different observations, actions or image "
            "sizes than the task of that name in an earlier input: tokenize "
            "one of them with another --task name, or both with the same "
            "options",
            table.name(), task.spec.name);
      }
      merge(merged, task, table.name());
    }
    task_indices.push_back(index);
  }
  std::vector<int32_t>& source_indices = source_index_.emplace_back();
  for (const std::string& source : table.tasks().sources) {
    source_indices.push_back(
        find_or_add(tasks_.sources, source, std::identity{}));
  }
}

void Corpus::count_selected_steps() {
  for (data::TaskEntry& entry : tasks_.tasks) {
    entry.episode_count = entry.step_count = 0;
  }
  for (int64_t d = 0; d < documents_; ++d) {
    data::TaskEntry& entry = tasks_.tasks[task(d)];
    ++entry.episode_count;
    entry.step_count += steps(d);
  }
}

bool Corpus::has_labels() const {
  return std::ranges::any_of(
      tables_, [](const auto& table) { return table->has_labels(); });
}

bool Corpus::is_thread_safe() const {
  return data::hdf5::is_thread_safe() ||
         std::ranges::all_of(
             tables_, [](const auto& table) { return table->is_in_memory(); });
}

void Corpus::record_provenance(data::Provenance& provenance) const {
  for (const auto& file : files_) {
    provenance.add_input(file->path());
    provenance.add_parent(file->provenance());
  }
}

void Corpus::release_pages() const {
  for (const auto& table : tables_) {
    table->drop_pages();
  }
}

int64_t Corpus::tokens() const {
  int64_t sum = 0;
  if (selection_.empty()) {
    for (const auto& table : tables_) {
      sum += table->token_count();
    }
  } else {
    for (int64_t d = 0; d < documents_; ++d) {
      sum += tokens(d);
    }
  }
  return sum;
}

std::vector<Corpus::Range> Corpus::documents_of(
    const MixtureEntry& entry) const {
  if (entry.files.empty()) {
    return {{0, documents_}};
  }
  std::vector<Range> ranges;
  for (const fs::path& file : entry.files) {
    const size_t index =
        std::ranges::find(paths_, fs::weakly_canonical(file)) - paths_.begin();
    const int64_t first = first_document_.at(index);
    ranges.push_back({first, first + tables_[index]->document_count()});
  }
  return ranges;
}

Corpus::Location Corpus::locate(int64_t document) const {
  if (!selection_.empty()) {
    return {*tables_.front(), 0, selection_[document]};
  }
  const size_t table = std::ranges::upper_bound(first_document_, document) -
                       first_document_.begin() - 1;
  return {*tables_[table], table, document - first_document_[table]};
}

int32_t Corpus::task(int64_t document) const {
  const Location location = locate(document);
  return task_index_[location.table_index]
                    [location.table.task_index(location.document)];
}

int32_t Corpus::source(int64_t document) const {
  const Location location = locate(document);
  const auto index =
      static_cast<size_t>(location.table.source_index(location.document));
  const std::vector<int32_t>& merged = source_index_[location.table_index];
  return index < merged.size() ? merged[index] : kUnknownSource;
}

double Corpus::total_reward(int64_t document) const {
  const Location location = locate(document);
  return location.table.total_reward(location.document);
}

bool Corpus::is_episode(int64_t document) const {
  return !tasks_.tasks[task(document)].spec.action_fields.empty();
}

int64_t Corpus::tokens(int64_t document) const {
  const Location location = locate(document);
  return location.table.document_length(location.document);
}

int64_t Corpus::steps(int64_t document) const {
  const Location location = locate(document);
  return location.table.first_step(location.document + 1) -
         location.table.first_step(location.document);
}

int64_t Corpus::step_offset(int64_t document, int64_t step) const {
  const Location location = locate(document);
  const int64_t first = location.table.first_step(location.document);
  return location.table.step_offset(first + step) -
         location.table.step_offset(first);
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

int32_t Corpus::table_index(int64_t document) const {
  return static_cast<int32_t>(locate(document).table_index);
}

Corpus::Slice Corpus::read(int64_t document, int64_t begin, int64_t end,
                           data::PatchNumbering numbers) const {
  const Location location = locate(document);
  if (!is_episode(document)) {
    data::TokenizedDocument slice =
        location.table.read_token_range(location.document, begin, end, numbers);
    return {std::move(slice), begin};
  }
  const int64_t first = step_at(document, begin);
  const int64_t last = step_at(document, end - 1) + 1;
  return {location.table.read_steps(location.document, first, last, numbers),
          step_offset(document, first)};
}

}  // namespace gato::pack

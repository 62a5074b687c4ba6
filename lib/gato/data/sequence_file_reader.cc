#include <algorithm>

#include "gato/base/error.h"
#include "gato/data/format.h"
#include "gato/data/mapping.h"
#include "gato/data/sequence_file.h"

namespace gato {

struct SequenceFileReader::Impl {
  explicit Impl(const std::filesystem::path& path);

  template <class T>
  StoredRows<T> open(const char* name, const std::vector<int64_t>& row_shape,
                     int64_t rows) const;
  template <class Value>
  [[noreturn]] void refuse(int64_t sequence, size_t place, const char* what,
                           const Value& value) const;
  void check_layout(int64_t sequence, const SequenceView& view) const;
  void check_row(int64_t sequence, const SequenceView& view) const;

  std::filesystem::path path;
  hdf5::Group root;
  Mapping mapping;
  Vocabulary vocabulary;
  ModalityIds ids;
  TaskTable tasks;
  nlohmann::json provenance;
  nlohmann::ordered_json report;
  SequenceFileOptions options;
  StoredRows<int32_t> tokens, labels, task;
  StoredRows<uint8_t> modality, interval, segment, prompt, patches;
  StoredRows<int16_t> local;
  bool has_demonstrations = false;
};

template <class T>
StoredRows<T> SequenceFileReader::Impl::open(
    const char* name, const std::vector<int64_t>& row_shape,
    int64_t rows) const {
  StoredRows<T> stored(root.dataset(name), mapping, row_shape);
  if (rows >= 0 && stored.size() != rows) {
    throw input_error("{}: holds {} rows, expected {}: the file is damaged",
                      stored.label(), stored.size(), rows);
  }
  stored.hold();
  return stored;
}

SequenceFileReader::Impl::Impl(const std::filesystem::path& path)
    : path(path), root(hdf5::open_file(path)), mapping(path) {
  check_format(root, sequence_format);
  vocabulary = read_vocabulary(root);
  ids = ModalityIds(vocabulary);
  try {
    tasks = TaskTable::from_json(read_json(root, "tasks"));
  } catch (const Error& error) {
    throw input_error("{}: {}", path.string(), error.what());
  }
  provenance = read_json(root, "provenance");
  report = read_ordered_json(root, "report");

  const auto length = root.integer_attribute("length");
  if (!length || *length < 1 || *length > (1 << 24)) {
    throw input_error("{}: the attribute \"length\" is missing or not valid",
                      path.string());
  }
  options.length = static_cast<int32_t>(*length);
  options.window_steps =
      static_cast<int32_t>(root.integer_attribute("window_steps").value_or(0));
  options.labels = root.has("labels");
  tokens = open<int32_t>("tokens", {*length}, -1);
  const int64_t rows = options.sequences = tokens.size();
  if (options.labels) labels = open<int32_t>("labels", {*length}, rows);
  modality = open<uint8_t>("modality", {*length}, rows);
  local = open<int16_t>("local", {*length}, rows);
  interval = open<uint8_t>("interval", {*length, 4}, rows);
  segment = open<uint8_t>("segment", {*length}, rows);
  prompt = open<uint8_t>("prompt", {*length}, rows);
  task = open<int32_t>("task", {}, rows);
  patches = open<uint8_t>("patches", {16, 16, 3}, -1);
  has_demonstrations = root.is_group("demonstrations");
}

template <class Value>
void SequenceFileReader::Impl::refuse(int64_t sequence, size_t place,
                                      const char* what,
                                      const Value& value) const {
  throw input_error(
      "{}: sequence {}, token {}: {} {} is not valid: the file is damaged",
      path.string(), sequence, place, what, value);
}

// Segments are numbered from 0 in their order, only the first may be a prompt,
// and is one as a whole; what follows the last is padding.
void SequenceFileReader::Impl::check_layout(int64_t sequence,
                                            const SequenceView& view) const {
  const auto padding = static_cast<uint8_t>(Modality::padding);
  const size_t end = std::ranges::find(view.modality, padding) -
                     view.modality.begin();  // of what is no padding
  int last = 0;
  for (size_t i = 0; i < end; ++i) {
    const int segment = view.segment[i];
    if (segment != last && (i == 0 || segment != last + 1)) {
      refuse(sequence, i, "segment", segment);
    }
    last = segment;
    const int wanted = segment == 0 ? view.prompt[0] : 0;
    if (view.prompt[i] != wanted || view.prompt[i] > 1) {
      refuse(sequence, i, "prompt", view.prompt[i]);
    }
  }
  for (size_t i = end; i < view.modality.size(); ++i) {
    if (view.modality[i] != padding) {
      refuse(sequence, i, "after padding, modality", view.modality[i]);
    }
  }
}

void SequenceFileReader::Impl::check_row(int64_t sequence,
                                         const SequenceView& view) const {
  const auto refuse = [&](const char* what, size_t place, const auto& value) {
    this->refuse(sequence, place, what, value);
  };
  if (view.task < 0 || view.task >= static_cast<int64_t>(tasks.tasks.size())) {
    refuse("task", 0, view.task);
  }
  check_layout(sequence, view);
  for (size_t i = 0; i < view.tokens.size(); ++i) {
    const int64_t token = view.tokens[i];
    const auto kind = static_cast<Modality>(view.modality[i]);
    if (kind > Modality::continuous_action) {
      refuse("modality", i, view.modality[i]);
    }
    if (kind == Modality::patch) {
      if (token >= 0 || -1 - token >= patches.size()) {
        refuse("patch", i, -1 - token);
      }
      const uint8_t* ends = &view.interval[4 * i];
      if (ends[0] >= ends[1] || ends[1] > 128 || ends[2] >= ends[3] ||
          ends[3] > 128) {
        refuse("interval start", i, ends[0]);
      }
    } else {
      for (const auto& [what, id] : {std::pair{"id", view.tokens[i]},
                                     std::pair{"label", view.labels[i]}}) {
        if (!ids.holds(kind, id)) refuse(what, i, ids.describe(kind, id));
      }
    }
    if (view.local[i] < TokenFeatures::action_local ||
        view.local[i] >= TokenFeatures::local_positions) {
      refuse("local position", i, view.local[i]);
    }
  }
}

SequenceFileReader::SequenceFileReader(const std::filesystem::path& path)
    : impl_(std::make_unique<Impl>(path)) {}
SequenceFileReader::~SequenceFileReader() = default;
SequenceFileReader::SequenceFileReader(SequenceFileReader&&) noexcept = default;

const std::filesystem::path& SequenceFileReader::path() const {
  return impl_->path;
}
const Vocabulary& SequenceFileReader::vocabulary() const {
  return impl_->vocabulary;
}
const TaskTable& SequenceFileReader::tasks() const { return impl_->tasks; }
const nlohmann::json& SequenceFileReader::provenance() const {
  return impl_->provenance;
}
const nlohmann::ordered_json& SequenceFileReader::report() const {
  return impl_->report;
}
const SequenceFileOptions& SequenceFileReader::options() const {
  return impl_->options;
}
int64_t SequenceFileReader::sequences() const {
  return impl_->options.sequences;
}

SequenceView SequenceFileReader::row(int64_t sequence) const {
  const Impl& file = *impl_;
  const auto length = static_cast<size_t>(file.options.length);
  SequenceView view;
  view.tokens = {file.tokens.row(sequence), length};
  view.labels = file.options.labels
                    ? std::span{file.labels.row(sequence), length}
                    : view.tokens;
  view.modality = {file.modality.row(sequence), length};
  view.local = {file.local.row(sequence), length};
  view.interval = {file.interval.row(sequence), 4 * length};
  view.segment = {file.segment.row(sequence), length};
  view.prompt = {file.prompt.row(sequence), length};
  view.task = *file.task.row(sequence);
  file.check_row(sequence, view);
  return view;
}

std::span<const uint8_t> SequenceFileReader::patches() const {
  return {impl_->patches.row(0),
          static_cast<size_t>(distinct_patches()) * sizeof(Patch)};
}
int64_t SequenceFileReader::distinct_patches() const {
  return impl_->patches.size();
}

std::vector<TokenizedDocument> SequenceFileReader::demonstrations() const {
  std::vector<TokenizedDocument> documents;
  if (!impl_->has_demonstrations) return documents;
  const TokenFileReader reader(impl_->path, "demonstrations");
  for (int64_t i = 0; i < reader.documents(); ++i) {
    documents.push_back(reader.document(i));
  }
  return documents;
}

}  // namespace gato

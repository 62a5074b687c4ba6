// All datasets are mapped or, if other programs wrote them in chunks or in
// wider types, loaded when the file is opened, so that several threads can read
// rows. A row is checked each time it is read: the network would turn an
// invalid value into an out-of-bounds access.
#include <algorithm>

#include "gato/base/error.h"
#include "gato/data/file_format.h"
#include "gato/data/file_metadata.h"
#include "gato/data/mapped_file.h"
#include "gato/data/sequence_file.h"

namespace gato::data {
namespace {

constexpr int64_t kMaxSequenceLength = 1 << 24;
constexpr uint8_t kMaxIntervalEdge = 128;

bool is_valid_interval(const uint8_t* edges) {
  return edges[0] < edges[1] && edges[1] <= kMaxIntervalEdge &&
         edges[2] < edges[3] && edges[3] <= kMaxIntervalEdge;
}

}  // namespace

struct SequenceFileReader::Impl {
  explicit Impl(const std::filesystem::path& path);

  // Opens and loads a dataset. Throws unless it has `rows` rows; -1 accepts any
  // number.
  template <class T>
  DatasetView<T> open_dataset(const char* name,
                              const std::vector<int64_t>& row_shape,
                              int64_t rows) const;
  template <class Value>
  [[noreturn]] void throw_corrupt(int64_t sequence, size_t position,
                                  const char* what, const Value& value) const;
  void check_segments(int64_t sequence, const SequenceView& view) const;
  void check_row(int64_t sequence, const SequenceView& view) const;

  std::filesystem::path path;
  hdf5::Group root;
  MappedFile mapping;
  Vocabulary vocabulary;
  ModalityIdRanges ids;
  TaskTable tasks;
  nlohmann::json provenance;
  nlohmann::ordered_json report;
  SequenceFileInfo info;
  DatasetView<int32_t> tokens, labels, task;
  DatasetView<uint8_t> modality, interval, segment, prompt, patches;
  DatasetView<int16_t> local;
  bool has_demonstrations = false;
};

template <class T>
DatasetView<T> SequenceFileReader::Impl::open_dataset(
    const char* name, const std::vector<int64_t>& row_shape,
    int64_t rows) const {
  DatasetView<T> view(root.dataset(name), mapping, row_shape);
  if (rows >= 0 && view.size() != rows) {
    throw base::input_error(
        "{}: there are {} rows instead of {}: the file is corrupt",
        view.label(), view.size(), rows);
  }
  view.load();
  return view;
}

SequenceFileReader::Impl::Impl(const std::filesystem::path& path)
    : path(path), root(hdf5::open_file(path)), mapping(path) {
  check_format(root, kSequenceFileFormat);
  vocabulary = read_vocabulary(root);
  ids = ModalityIdRanges(vocabulary);
  tasks = read_tasks(root);
  provenance = read_provenance(root);
  report = read_report(root);

  const auto length = root.integer_attribute("length");
  if (!length || *length < 1 || *length > kMaxSequenceLength) {
    throw base::input_error(
        "{}: the attribute \"length\" is missing or not from 1 to {}",
        path.string(), kMaxSequenceLength);
  }
  info.sequence_length = static_cast<int32_t>(*length);
  info.window_steps =
      static_cast<int32_t>(root.integer_attribute("window_steps").value_or(0));
  info.has_labels = root.has("labels");
  tokens = open_dataset<int32_t>("tokens", {*length}, -1);
  const int64_t rows = info.sequence_count = tokens.size();
  if (info.has_labels) {
    labels = open_dataset<int32_t>("labels", {*length}, rows);
  }
  modality = open_dataset<uint8_t>("modality", {*length}, rows);
  local = open_dataset<int16_t>("local", {*length}, rows);
  interval = open_dataset<uint8_t>("interval", {*length, 4}, rows);
  segment = open_dataset<uint8_t>("segment", {*length}, rows);
  prompt = open_dataset<uint8_t>("prompt", {*length}, rows);
  task = open_dataset<int32_t>("task", {}, rows);
  patches = open_dataset<uint8_t>("patches", {16, 16, 3}, -1);
  has_demonstrations = root.is_group("demonstrations");
}

template <class Value>
void SequenceFileReader::Impl::throw_corrupt(int64_t sequence, size_t position,
                                             const char* what,
                                             const Value& value) const {
  throw base::input_error(
      "{}: sequence {}, token {}: invalid {} {}: the file is corrupt",
      path.string(), sequence, position, what, value);
}

// Segments must be numbered consecutively from 0. Only segment 0 may be a
// prompt, and all of its tokens must have the same prompt mask. Everything
// after the first padding token must be padding.
void SequenceFileReader::Impl::check_segments(int64_t sequence,
                                              const SequenceView& view) const {
  const auto padding = static_cast<uint8_t>(Modality::padding);
  const size_t padding_begin =
      std::ranges::find(view.modality, padding) - view.modality.begin();
  int previous = 0;
  for (size_t i = 0; i < padding_begin; ++i) {
    const int segment = view.segment_ids[i];
    if (segment != previous && (i == 0 || segment != previous + 1)) {
      throw_corrupt(sequence, i, "segment", segment);
    }
    previous = segment;
    const int expected = segment == 0 ? view.prompt_mask[0] : 0;
    if (view.prompt_mask[i] != expected || view.prompt_mask[i] > 1) {
      throw_corrupt(sequence, i, "prompt mask", view.prompt_mask[i]);
    }
  }
  for (size_t i = padding_begin; i < view.modality.size(); ++i) {
    if (view.modality[i] != padding) {
      throw_corrupt(sequence, i, "modality after padding:", view.modality[i]);
    }
  }
}

void SequenceFileReader::Impl::check_row(int64_t sequence,
                                         const SequenceView& view) const {
  const auto fail = [&](const char* what, size_t position, const auto& value) {
    this->throw_corrupt(sequence, position, what, value);
  };
  if (view.task_index < 0 || view.task_index >= std::ssize(tasks.tasks)) {
    fail("task", 0, view.task_index);
  }
  check_segments(sequence, view);
  for (size_t i = 0; i < view.tokens.size(); ++i) {
    const int32_t token = view.tokens[i];
    const auto kind = static_cast<Modality>(view.modality[i]);
    if (kind > Modality::continuous_action) {
      fail("modality", i, view.modality[i]);
    }
    if (kind == Modality::patch) {
      if (!is_patch(token) || patch_index(token) >= patches.size()) {
        fail("patch", i, patch_index(token));
      }
      const uint8_t* edges = &view.interval[4 * i];
      if (!is_valid_interval(edges)) {
        fail("interval that begins at row", i, edges[0]);
      }
    } else {
      for (const auto& [what, id] : {std::pair{"id", view.tokens[i]},
                                     std::pair{"label", view.labels[i]}}) {
        if (!ids.contains(kind, id)) {
          fail(what, i, ids.describe(kind, id));
        }
      }
    }
    if (view.local_position[i] < TokenRow::kActionLocalPosition ||
        view.local_position[i] >= TokenRow::kLocalPositionCount) {
      fail("local position", i, view.local_position[i]);
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
const SequenceFileInfo& SequenceFileReader::info() const { return impl_->info; }
int64_t SequenceFileReader::sequence_count() const {
  return impl_->info.sequence_count;
}

SequenceView SequenceFileReader::row(int64_t sequence) const {
  const Impl& file = *impl_;
  const auto length = static_cast<size_t>(file.info.sequence_length);
  SequenceView view;
  view.tokens = {file.tokens.row(sequence), length};
  view.labels = file.info.has_labels
                    ? std::span{file.labels.row(sequence), length}
                    : view.tokens;
  view.modality = {file.modality.row(sequence), length};
  view.local_position = {file.local.row(sequence), length};
  view.interval = {file.interval.row(sequence), 4 * length};
  view.segment_ids = {file.segment.row(sequence), length};
  view.prompt_mask = {file.prompt.row(sequence), length};
  view.task_index = *file.task.row(sequence);
  file.check_row(sequence, view);
  return view;
}

std::span<const uint8_t> SequenceFileReader::patch_pixels() const {
  return {impl_->patches.row(0),
          static_cast<size_t>(distinct_patch_count()) * sizeof(Patch)};
}
int64_t SequenceFileReader::distinct_patch_count() const {
  return impl_->patches.size();
}

std::vector<TokenizedDocument> SequenceFileReader::read_demonstrations() const {
  std::vector<TokenizedDocument> documents;
  if (!impl_->has_demonstrations) {
    return documents;
  }
  const TokenFileReader reader(impl_->path, "demonstrations");
  for (int64_t i = 0; i < reader.document_count(); ++i) {
    documents.push_back(reader.document(i));
  }
  return documents;
}

}  // namespace gato::data

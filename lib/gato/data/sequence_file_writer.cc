#include <algorithm>
#include <cassert>
#include <vector>

#include "gato/base/output.h"
#include "gato/data/format.h"
#include "gato/data/patch_table.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_columns.h"

namespace gato {
namespace {

// Rows that are written together: HDF5 takes longer for a call than for a row.
constexpr size_t rows_a_write = 64;

// A dataset [rows, ...] that is written from its start.
template <class T>
class RowColumn {
 public:
  RowColumn() = default;
  RowColumn(hdf5::Group& root, const char* name,
            const std::vector<int64_t>& shape)
      : dataset_(root.create_dataset(name, hdf5::native<T>(), shape)),
        width_(element_count({shape.begin() + 1, shape.end()})) {}

  // `row`: as many values as the dataset has a row.
  void append(const T* row) {
    held_.insert(held_.end(), row, row + width_);
    if (held_.size() == rows_a_write * static_cast<size_t>(width_)) flush();
  }
  void close() {
    flush();
    dataset_ = {};
  }

 private:
  void flush() {
    const int64_t rows = static_cast<int64_t>(held_.size()) / width_;
    if (rows == 0) return;
    dataset_.write(hdf5::native<T>(), written_, rows, held_.data());
    written_ += rows;
    held_.clear();
  }

  hdf5::Dataset dataset_;
  int64_t width_ = 1, written_ = 0;
  std::vector<T> held_;
};

const uint8_t* bytes_of(const std::vector<Modality>& modality) {
  return reinterpret_cast<const uint8_t*>(modality.data());
}

const uint8_t* bytes_of(const std::vector<TokenFeatures::Interval>& interval) {
  return reinterpret_cast<const uint8_t*>(interval.data());
}

}  // namespace

struct SequenceFileWriter::Impl {
  Impl(const std::filesystem::path& path, bool force,
       const SequenceFileOptions& options, const Vocabulary& vocabulary)
      : output(path, force),
        options(options),
        root(hdf5::create_file(output.temporary(), path)),
        patch_table(path) {
    write_format(root, sequence_format);
    root.set_attribute("length", options.length);
    root.set_attribute("window_steps", options.window_steps);
    write_vocabulary(root, vocabulary);
    const std::vector<int64_t> shape{options.sequences, options.length};
    tokens = {root, "tokens", shape};
    if (options.labels) labels = {root, "labels", shape};
    modality = {root, "modality", shape};
    local = {root, "local", shape};
    interval = {root, "interval", {options.sequences, options.length, 4}};
    segment = {root, "segment", shape};
    prompt = {root, "prompt", shape};
    task = {root, "task", {options.sequences}};
  }

  void close_columns() {
    tokens.close();
    if (options.labels) labels.close();
    modality.close();
    local.close();
    interval.close();
    segment.close();
    prompt.close();
    task.close();
  }

  void write_demonstrations(const std::vector<TokenizedDocument>& documents) {
    if (documents.empty()) return;
    TokenColumns columns(output.path());
    for (const auto& document : documents) columns.append(document);
    hdf5::Group group = root.create_group("demonstrations");
    write_format(group, token_format);
    columns.write(group);
    group.link("/vocabulary", "vocabulary");
    group.link("/tasks", "tasks");
    mark_complete(group);
  }

  AtomicOutput output;
  SequenceFileOptions options;
  hdf5::Group root;
  PatchTable patch_table;
  RowColumn<int32_t> tokens, labels, task;
  RowColumn<uint8_t> modality, interval, segment, prompt;
  RowColumn<int16_t> local;
  int64_t written = 0;
};

SequenceFileWriter::SequenceFileWriter(const std::filesystem::path& path,
                                       bool force,
                                       const SequenceFileOptions& options,
                                       const Vocabulary& vocabulary)
    : impl_(std::make_unique<Impl>(path, force, options, vocabulary)) {}

SequenceFileWriter::~SequenceFileWriter() = default;

int32_t SequenceFileWriter::add_patch(const Patch& patch) {
  return static_cast<int32_t>(impl_->patch_table.add(patch));
}

void SequenceFileWriter::append(const SequenceRow& row) {
  Impl& file = *impl_;
  const auto length = static_cast<size_t>(file.options.length);
  assert(file.written < file.options.sequences);
  assert(row.features.tokens.size() == length &&
         row.features.modality.size() == length &&
         row.features.local.size() == length &&
         row.features.interval.size() == length &&
         row.segment.size() == length && row.prompt.size() == length &&
         (row.labels.empty() || row.labels.size() == length));
  (void)length;

  const auto& tokens = row.features.tokens;
  file.tokens.append(tokens.data());
  if (file.options.labels) {
    file.labels.append((row.labels.empty() ? tokens : row.labels).data());
  }
  file.modality.append(bytes_of(row.features.modality));
  file.local.append(row.features.local.data());
  file.interval.append(bytes_of(row.features.interval));
  file.segment.append(row.segment.data());
  file.prompt.append(row.prompt.data());
  file.task.append(&row.task);
  ++file.written;
}

void SequenceFileWriter::commit(
    const TaskTable& tasks,
    const std::vector<TokenizedDocument>& demonstrations,
    const nlohmann::ordered_json& report, const Provenance& provenance) {
  Impl& file = *impl_;
  assert(file.written == file.options.sequences);
  file.close_columns();
  file.patch_table.write(file.root, "patches");
  file.root.write_text("tasks", tasks.to_json().dump());
  if (!report.is_null()) file.root.write_text("report", report.dump());
  if (provenance.enabled) {
    file.root.write_text("provenance", provenance.to_json().dump());
  }
  file.write_demonstrations(demonstrations);
  mark_complete(file.root);
  hdf5::close_file(std::move(file.root));
  file.output.commit();
}

int64_t SequenceFileWriter::distinct_patches() const {
  return impl_->patch_table.size();
}

}  // namespace gato

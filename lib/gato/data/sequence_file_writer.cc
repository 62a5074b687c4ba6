// The number of rows is known from the start, so rows are written directly to
// contiguous datasets. The patches are spooled, because their number is not.
#include <algorithm>
#include <cassert>
#include <vector>

#include "gato/base/file_io.h"
#include "gato/data/file_format.h"
#include "gato/data/file_metadata.h"
#include "gato/data/patch_table.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_columns.h"

namespace gato::data {
namespace {

// Rows are written in groups, because a call of HDF5 takes longer than writing
// a row.
constexpr size_t kRowsPerWrite = 64;

// Writes the rows of a dataset [rows, ...] in order.
template <class T>
class DatasetAppender {
 public:
  DatasetAppender() = default;
  DatasetAppender(hdf5::Group& root, const char* name,
                  const std::vector<int64_t>& shape)
      : dataset_(root.create_dataset(name, hdf5::native_type<T>(), shape)),
        width_(element_count({shape.begin() + 1, shape.end()})) {}

  // Appends a row of `width_` values.
  void append(const T* row) {
    buffer_.insert(buffer_.end(), row, row + width_);
    if (buffer_.size() == kRowsPerWrite * static_cast<size_t>(width_)) {
      flush();
    }
  }
  // Must be called before the file is closed.
  void close() {
    flush();
    dataset_ = {};
  }

 private:
  void flush() {
    const int64_t rows = std::ssize(buffer_) / width_;
    if (rows == 0) {
      return;
    }
    dataset_.write(hdf5::native_type<T>(), rows_written_, rows, buffer_.data());
    rows_written_ += rows;
    buffer_.clear();
  }

  hdf5::Dataset dataset_;
  int64_t width_ = 1;  // elements per row
  int64_t rows_written_ = 0;
  std::vector<T> buffer_;
};

const uint8_t* bytes_of(const std::vector<Modality>& modality) {
  return reinterpret_cast<const uint8_t*>(modality.data());
}

const uint8_t* bytes_of(const std::vector<TokenRow::PatchInterval>& interval) {
  return reinterpret_cast<const uint8_t*>(interval.data());
}

}  // namespace

struct SequenceFileWriter::Impl {
  Impl(const std::filesystem::path& path, bool force,
       const SequenceFileInfo& info, const Vocabulary& vocabulary)
      : output(path, force),
        info(info),
        root(hdf5::create_file(output.temporary_path(), path)),
        patch_table(path) {
    write_format(root, kSequenceFileFormat);
    root.set_attribute("length", info.sequence_length);
    root.set_attribute("window_steps", info.window_steps);
    write_vocabulary(root, vocabulary);
    const std::vector<int64_t> shape{info.sequence_count, info.sequence_length};
    tokens = {root, "tokens", shape};
    if (info.has_labels) {
      labels = {root, "labels", shape};
    }
    modality = {root, "modality", shape};
    local = {root, "local", shape};
    interval = {
        root, "interval", {info.sequence_count, info.sequence_length, 4}};
    segment = {root, "segment", shape};
    prompt = {root, "prompt", shape};
    task = {root, "task", {info.sequence_count}};
  }

  void close_columns() {
    tokens.close();
    if (info.has_labels) {
      labels.close();
    }
    modality.close();
    local.close();
    interval.close();
    segment.close();
    prompt.close();
    task.close();
  }

  void write_demonstrations(const std::vector<TokenizedDocument>& documents) {
    if (documents.empty()) {
      return;
    }
    TokenColumns columns(output.path());
    for (const auto& document : documents) {
      columns.append(document);
    }
    hdf5::Group group = root.create_group("demonstrations");
    write_format(group, kTokenFileFormat);
    columns.write(group);
    group.create_hard_link("/vocabulary", "vocabulary");
    group.create_hard_link("/tasks", "tasks");
    mark_complete(group);
  }

  base::AtomicOutput output;
  SequenceFileInfo info;
  hdf5::Group root;
  PatchTable patch_table;
  DatasetAppender<int32_t> tokens, labels, task;
  DatasetAppender<uint8_t> modality, interval, segment, prompt;
  DatasetAppender<int16_t> local;
  int64_t rows_written = 0;
};

SequenceFileWriter::SequenceFileWriter(const std::filesystem::path& path,
                                       bool force, const SequenceFileInfo& info,
                                       const Vocabulary& vocabulary)
    : impl_(std::make_unique<Impl>(path, force, info, vocabulary)) {}

SequenceFileWriter::~SequenceFileWriter() = default;

int32_t SequenceFileWriter::add_patch(const Patch& patch) {
  return static_cast<int32_t>(impl_->patch_table.add(patch));
}

void SequenceFileWriter::append(const SequenceRow& row) {
  Impl& file = *impl_;
  const auto length = static_cast<size_t>(file.info.sequence_length);
  assert(file.rows_written < file.info.sequence_count);
  assert(row.input.tokens.size() == length &&
         row.input.modality.size() == length &&
         row.input.local_position.size() == length &&
         row.input.interval.size() == length &&
         row.segment_ids.size() == length && row.prompt_mask.size() == length &&
         (row.labels.empty() || row.labels.size() == length));
  static_cast<void>(length);  // unused if assertions are disabled

  const auto& tokens = row.input.tokens;
  file.tokens.append(tokens.data());
  if (file.info.has_labels) {
    file.labels.append((row.labels.empty() ? tokens : row.labels).data());
  }
  file.modality.append(bytes_of(row.input.modality));
  file.local.append(row.input.local_position.data());
  file.interval.append(bytes_of(row.input.interval));
  file.segment.append(row.segment_ids.data());
  file.prompt.append(row.prompt_mask.data());
  file.task.append(&row.task_index);
  ++file.rows_written;
}

void SequenceFileWriter::commit(
    const TaskTable& tasks,
    const std::vector<TokenizedDocument>& demonstrations,
    const nlohmann::ordered_json& report, const Provenance& provenance) {
  Impl& file = *impl_;
  assert(file.rows_written == file.info.sequence_count);
  file.close_columns();
  file.patch_table.write(file.root, "patches");
  write_metadata(file.root, tasks, report, provenance);
  file.write_demonstrations(demonstrations);
  mark_complete(file.root);
  hdf5::close_file(std::move(file.root));
  file.output.commit();
}

int64_t SequenceFileWriter::distinct_patch_count() const {
  return impl_->patch_table.size();
}

}  // namespace gato::data

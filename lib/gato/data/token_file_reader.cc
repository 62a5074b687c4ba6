#include <algorithm>
#include <memory>

#include "gato/base/error.h"
#include "gato/data/file_format.h"
#include "gato/data/token_file.h"
#include "gato/data/token_table_contents.h"

namespace gato::data {
namespace {

void require_row_count(const std::string& label, int64_t rows,
                       int64_t expected) {
  if (rows != expected) {
    throw base::input_error(
        "{}: holds {} values, expected {}: the file is damaged", label, rows,
        expected);
  }
}

// From 0 to `last`, never falling.
void require_valid_offsets(const DatasetView<int64_t>& offsets, int64_t last) {
  int64_t previous = 0;
  const auto refuse = [&](int64_t i, int64_t value) {
    throw base::input_error(
        "{}: value {} is {} after {}; offsets must rise from 0 to {}: the file "
        "is damaged",
        offsets.label(), i, value, previous, last);
  };
  if (offsets.size() == 0) refuse(0, -1);
  offsets.for_each([&](int64_t i, int64_t value) {
    if (value < previous || value > last || (i == 0 && value != 0)) {
      refuse(i, value);
    }
    previous = value;
  });
  if (previous != last) refuse(offsets.size() - 1, previous);
}

// A document's place in a table of `count` entries.
void require_valid_indices(const DatasetView<int32_t>& indices,
                           const char* what, int64_t count) {
  indices.for_each([&](int64_t i, int32_t value) {
    if (value < 0 || value >= count) {
      throw base::input_error(
          "{}: document {} is of {} {}, the table has 0 to {}: the file is "
          "damaged",
          indices.label(), i, what, value, count - 1);
    }
  });
}

// Checks that the images are in order, do not overlap and end before the last
// token.
void require_valid_images(const DatasetView<int64_t>& image_token,
                          const DatasetView<int16_t>& image_rows,
                          const DatasetView<int16_t>& image_columns,
                          int64_t token_count) {
  int64_t end = 0;
  image_token.for_each([&](int64_t i, int64_t token) {
    const int64_t rows = image_rows.at(i), columns = image_columns.at(i);
    if (rows < 1 || columns < 1 || token < end ||
        token > token_count - rows * columns) {
      throw base::input_error(
          "{}: image {} of {} x {} patches at token {} does not fit: the file "
          "is damaged",
          image_token.label(), i, rows, columns, token);
    }
    end = token + rows * columns;
  });
}

}  // namespace

TokenFileReader::TokenFileReader(const std::filesystem::path& path,
                                 const std::string& group)
    : TokenTable(std::make_unique<Contents>()), path_(path) {
  Contents& c = contents();
  c.name = path.string();
  c.file = hdf5::open_file(path);
  c.mapping = std::make_unique<const MappedFile>(path);
  const bool embedded = group != "/";
  if (!embedded) {
    check_format(c.file, kTokenFileFormat);
  }
  const hdf5::Group child = embedded ? c.file.group(group) : hdf5::Group();
  const hdf5::Group& root = embedded ? child : c.file;
  c.vocabulary = read_vocabulary(root);
  c.ids = ModalityIdRanges(c.vocabulary);
  const nlohmann::json table = read_json_dataset(root, "tasks");
  try {
    c.tasks = TaskTable::from_json(table);
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", path.string(), error.what());
  }
  provenance_ = read_json_dataset(root, "provenance");
  report_ = read_ordered_json_dataset(root, "report");
  open_columns(root);
  check_columns();
  // Thousands may be open at a time.
  if (is_in_memory()) {
    c.file = hdf5::Group();
  }
}

void TokenFileReader::open_columns(const hdf5::Group& group) {
  Contents& c = contents();
  const auto open = [&c](const hdf5::Group& parent, const char* name,
                         auto& column) {
    column = {parent.dataset(name), *c.mapping, {}};
  };
  open(group, "tokens", c.tokens);
  open(group, "modality", c.modality);
  c.has_labels = group.has("labels");
  if (c.has_labels) {
    open(group, "labels", c.labels);
  }
  open(group.group("steps"), "offset", c.step_offset);
  const hdf5::Group documents = group.group("documents");
  open(documents, "first_step", c.first_step);
  open(documents, "task", c.task);
  open(documents, "source", c.source);
  open(documents, "return", c.total_reward);
  const hdf5::Group images = group.group("images");
  open(images, "token", c.image_token);
  open(images, "rows", c.image_rows);
  open(images, "columns", c.image_columns);
  c.patches = {group.dataset("patches"), *c.mapping, {16, 16, 3}};
}

void TokenFileReader::check_columns() {
  const Contents& c = contents();
  require_row_count(c.modality.label(), c.modality.size(), c.tokens.size());
  if (c.has_labels) {
    require_row_count(c.labels.label(), c.labels.size(), c.tokens.size());
  }
  require_valid_offsets(c.step_offset, c.tokens.size());
  require_valid_offsets(c.first_step, c.step_offset.size() - 1);
  const int64_t count = c.first_step.size() - 1;
  require_row_count(c.task.label(), c.task.size(), count);
  require_row_count(c.source.label(), c.source.size(), count);
  require_row_count(c.total_reward.label(), c.total_reward.size(), count);
  require_valid_indices(c.task, "task", std::ssize(c.tasks.tasks));
  // A file may name no agents at all.
  require_valid_indices(c.source, "source",
                        std::max<int64_t>(1, std::ssize(c.tasks.sources)));
  require_row_count(c.image_rows.label(), c.image_rows.size(),
                    c.image_token.size());
  require_row_count(c.image_columns.label(), c.image_columns.size(),
                    c.image_token.size());
  require_valid_images(c.image_token, c.image_rows, c.image_columns,
                       c.tokens.size());
}

}  // namespace gato::data

#include "gato/data/token_column_views.h"

#include <algorithm>

#include "gato/base/error.h"

namespace gato::data {
namespace {

void require_row_count(const std::string& label, int64_t rows,
                       int64_t expected) {
  if (rows != expected) {
    throw base::input_error(
        "{}: there are {} values instead of {}: the file is corrupt", label,
        rows, expected);
  }
}

// Throws unless the offsets begin at 0, end at `last` and never decrease.
void require_valid_offsets(const DatasetView<int64_t>& offsets, int64_t last) {
  int64_t previous = 0;
  const auto fail = [&](int64_t i, int64_t value) {
    throw base::input_error(
        "{}: value {} is {} after {}, but offsets must increase from 0 to {}: "
        "the file is corrupt",
        offsets.label(), i, value, previous, last);
  };
  if (offsets.size() == 0) {
    fail(0, -1);
  }
  offsets.for_each([&](int64_t i, int64_t value) {
    if (value < previous || value > last || (i == 0 && value != 0)) {
      fail(i, value);
    }
    previous = value;
  });
  if (previous != last) {
    fail(offsets.size() - 1, previous);
  }
}

// Throws unless every value is an index of a table with `count` entries. There
// is one value per document.
void require_valid_indices(const DatasetView<int32_t>& indices,
                           const char* what, int64_t count) {
  indices.for_each([&](int64_t i, int32_t value) {
    if (value < 0 || value >= count) {
      throw base::input_error(
          "{}: the {} of document {} is {}, but the table has entries 0 to {}: "
          "the file is corrupt",
          indices.label(), what, i, value, count - 1);
    }
  });
}

}  // namespace

TokenColumnViews::TokenColumnViews(const hdf5::Group& root,
                                   const MappedFile& mapping,
                                   const TaskTable& tasks) {
  open(root, mapping);
  check(tasks);
  check_images();
}

void TokenColumnViews::open(const hdf5::Group& root,
                            const MappedFile& mapping) {
  const auto open_column = [&mapping](const hdf5::Group& parent,
                                      const char* name, auto& column) {
    column = {parent.dataset(name), mapping, {}};
  };
  open_column(root, "tokens", tokens);
  open_column(root, "modality", modality);
  has_labels = root.has("labels");
  if (has_labels) {
    open_column(root, "labels", labels);
  }
  open_column(root.group("steps"), "offset", step_offset);
  const hdf5::Group documents = root.group("documents");
  open_column(documents, "first_step", first_step);
  open_column(documents, "task", task);
  open_column(documents, "source", source);
  open_column(documents, "return", total_rewards);
  const hdf5::Group images = root.group("images");
  open_column(images, "token", image_token);
  open_column(images, "rows", image_rows);
  open_column(images, "columns", image_columns);
  patches = {root.dataset("patches"), mapping, {16, 16, 3}};
}

void TokenColumnViews::check(const TaskTable& tasks) const {
  const auto require_size = [](const auto& column, int64_t expected) {
    require_row_count(column.label(), column.size(), expected);
  };
  require_size(modality, tokens.size());
  if (has_labels) {
    require_size(labels, tokens.size());
  }
  require_valid_offsets(step_offset, tokens.size());
  require_valid_offsets(first_step, step_offset.size() - 1);
  const int64_t document_count = first_step.size() - 1;
  require_size(task, document_count);
  require_size(source, document_count);
  require_size(total_rewards, document_count);
  require_valid_indices(task, "task", std::ssize(tasks.tasks));
  // If there are no sources, every document has source 0.
  require_valid_indices(source, "source",
                        std::max<int64_t>(1, std::ssize(tasks.sources)));
  require_size(image_rows, image_token.size());
  require_size(image_columns, image_token.size());
}

// Images must be in the order of their tokens and must not overlap.
void TokenColumnViews::check_images() const {
  int64_t end = 0;
  image_token.for_each([&](int64_t i, int64_t token) {
    const int64_t rows = image_rows.at(i), columns = image_columns.at(i);
    if (rows < 1 || columns < 1 || token < end ||
        token > tokens.size() - rows * columns) {
      throw base::input_error(
          "{}: image {} ({} x {} patches at token {}) does not fit: the file "
          "is corrupt",
          image_token.label(), i, rows, columns, token);
    }
    end = token + rows * columns;
  });
}

bool TokenColumnViews::is_in_memory() const {
  const auto all = [](const auto&... rows) {
    return (rows.is_in_memory() && ...);
  };
  return all(tokens, task, source, modality, patches, step_offset, first_step,
             image_token, image_rows, image_columns, total_rewards) &&
         (!has_labels || labels.is_in_memory());
}

// Binary search: images are sorted by their first tokens.
int64_t TokenColumnViews::find_first_image(int64_t token) const {
  int64_t low = 0, high = image_token.size();
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (image_token.at(middle) < token) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace gato::data

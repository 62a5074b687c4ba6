// The offsets of a document, which count from its start, become offsets in the
// file by adding the number of tokens before it. Patches are deduplicated in
// the file, so patch tokens are renumbered.
//
// Labels are stored only if they differ from the tokens somewhere. At the first
// difference, the column starts with a copy of all earlier tokens, which are
// their own labels.
#include "gato/data/token_columns.h"

#include <cassert>
#include <utility>

#include "gato/data/token_table_contents.h"

namespace gato::data {
namespace {

template <class T>
void append_value(Spool& spool, T value) {
  spool.append(&value, sizeof value);
}

template <class T>
void write_column(hdf5::Group& group, const char* name, Spool& spool) {
  const auto rows = spool.size() / static_cast<int64_t>(sizeof(T));
  hdf5::Dataset dataset =
      group.create_dataset(name, hdf5::native_type<T>(), {rows});
  spool.copy_to(dataset, hdf5::native_type<T>(), sizeof(T));
}

}  // namespace

TokenColumns::TokenColumns(const std::optional<std::filesystem::path>& output)
    : output_(output),
      token_(output),
      modality_(output),
      step_offset_(output),
      first_step_(output),
      task_(output),
      source_(output),
      total_reward_(output),
      image_token_(output),
      image_rows_(output),
      image_columns_(output),
      patch_table_(output) {
  append_value(step_offset_, int64_t{0});
  append_value(first_step_, int64_t{0});
}

void TokenColumns::append(const TokenizedDocument& document) {
  const auto count = std::ssize(document.tokens);
  assert(document.modality.size() == document.tokens.size());
  assert(!document.step_offset.empty() && document.step_offset.front() == 0 &&
         document.step_offset.back() == count);

  append_tokens(document);
  for (size_t i = 1; i < document.step_offset.size(); ++i) {
    append_value(step_offset_, token_count_ + document.step_offset[i]);
  }
  for (const TokenizedImage& image : document.images) {
    append_value(image_token_, token_count_ + image.first_token);
    append_value(image_rows_, image.rows);
    append_value(image_columns_, image.columns);
  }
  token_count_ += count;
  step_count_ += std::ssize(document.step_offset) - 1;
  image_count_ += std::ssize(document.images);
  append_value(first_step_, step_count_);
  append_value(task_, document.task_index);
  append_value(source_, document.source_index);
  append_value(total_reward_, document.total_reward);
  ++document_count_;
}

void TokenColumns::append_tokens(const TokenizedDocument& document) {
  std::vector<int64_t> file_indices;  // indexed by patch of the document
  for (const Patch& patch : document.patches) {
    file_indices.push_back(patch_table_.add(patch));
  }
  std::vector<int32_t> stored_tokens = document.tokens;
  for (int32_t& token : stored_tokens) {
    if (!is_patch(token)) {
      continue;
    }
    token = patch_token(file_indices.at(patch_index(token)));
    ++patch_token_count_;
  }
  append_labels(document, stored_tokens);
  token_.append(stored_tokens);
  modality_.append(document.modality);
}

void TokenColumns::append_labels(const TokenizedDocument& document,
                                 const std::vector<int32_t>& stored_tokens) {
  const bool labels_differ =
      !document.labels.empty() && document.labels != document.tokens;
  if (!labels_) {
    if (!labels_differ) {
      return;
    }
    labels_ = std::make_unique<Spool>(output_);
    labels_->append_all(token_);
  }
  std::vector<int32_t> labels = stored_tokens;
  if (labels_differ) {
    assert(document.labels.size() == document.tokens.size());
    for (size_t i = 0; i < labels.size(); ++i) {
      // The label of a patch is the patch itself, as it is numbered in the
      // file.
      if (!is_patch(document.tokens[i])) {
        labels[i] = document.labels[i];
      }
    }
  }
  labels_->append(labels);
}

void TokenColumns::write(hdf5::Group& group) {
  write_column<int32_t>(group, "tokens", token_);
  write_column<uint8_t>(group, "modality", modality_);
  if (labels_) {
    write_column<int32_t>(group, "labels", *labels_);
  }
  hdf5::Group steps = group.create_group("steps");
  write_column<int64_t>(steps, "offset", step_offset_);
  hdf5::Group documents = group.create_group("documents");
  write_column<int64_t>(documents, "first_step", first_step_);
  write_column<int32_t>(documents, "task", task_);
  write_column<int32_t>(documents, "source", source_);
  write_column<double>(documents, "return", total_reward_);
  hdf5::Group images = group.create_group("images");
  write_column<int64_t>(images, "token", image_token_);
  write_column<int16_t>(images, "rows", image_rows_);
  write_column<int16_t>(images, "columns", image_columns_);
  patch_table_.write(group, "patches");
}

TokenTable TokenColumns::to_table(std::string name, Vocabulary vocabulary,
                                  TaskTable tasks) && {
  auto table = std::make_unique<TokenTable::Contents>();
  table->name = std::move(name);
  table->vocabulary = std::move(vocabulary);
  table->ids = ModalityIdRanges(table->vocabulary);
  table->tasks = std::move(tasks);
  TokenColumnViews& columns = table->columns;
  const auto take = []<class T>(Spool& spool, DatasetView<T>& column) {
    column = DatasetView<T>(spool.take_values<T>());
  };
  take(token_, columns.tokens);
  take(modality_, columns.modality);
  columns.has_labels = labels_ != nullptr;
  if (labels_) {
    take(*labels_, columns.labels);
  }
  take(step_offset_, columns.step_offset);
  take(first_step_, columns.first_step);
  take(task_, columns.task);
  take(source_, columns.source);
  take(total_reward_, columns.total_rewards);
  take(image_token_, columns.image_token);
  take(image_rows_, columns.image_rows);
  take(image_columns_, columns.image_columns);
  columns.patches =
      DatasetView<uint8_t>(patch_table_.take_pixels(), std::ssize(Patch{}));
  return TokenTable(std::move(table));
}

}  // namespace gato::data

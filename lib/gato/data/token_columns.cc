#include "gato/data/token_columns.h"

#include <cassert>

namespace gato {
namespace {

template <class T>
void append_value(Spool& spool, T value) {
  spool.append(&value, sizeof value);
}

template <class T>
void write_column(hdf5::Group& group, const char* name, Spool& spool) {
  const auto rows = spool.size() / static_cast<int64_t>(sizeof(T));
  hdf5::Dataset dataset = group.create_dataset(name, hdf5::native<T>(), {rows});
  spool.write_to(dataset, hdf5::native<T>(), sizeof(T));
}

}  // namespace

TokenColumns::TokenColumns(const std::filesystem::path& output)
    : output_(output),
      token_(output),
      modality_(output),
      step_offset_(output),
      first_step_(output),
      task_(output),
      source_(output),
      return_(output),
      image_token_(output),
      image_rows_(output),
      image_columns_(output),
      patch_table_(output) {
  append_value(step_offset_, int64_t{0});
  append_value(first_step_, int64_t{0});
}

void TokenColumns::append(const TokenizedDocument& document) {
  const auto count = static_cast<int64_t>(document.tokens.size());
  assert(document.modality.size() == document.tokens.size());
  assert(!document.step_offset.empty() && document.step_offset.front() == 0 &&
         document.step_offset.back() == count);

  append_tokens(document);
  for (size_t i = 1; i < document.step_offset.size(); ++i) {
    append_value(step_offset_, tokens_ + document.step_offset[i]);
  }
  for (const TokenizedImage& image : document.images) {
    append_value(image_token_, tokens_ + image.token);
    append_value(image_rows_, image.rows);
    append_value(image_columns_, image.columns);
  }
  tokens_ += count;
  steps_ += static_cast<int64_t>(document.step_offset.size()) - 1;
  images_ += static_cast<int64_t>(document.images.size());
  append_value(first_step_, steps_);
  append_value(task_, document.task);
  append_value(source_, document.source);
  append_value(return_, document.total_reward);
  ++documents_;
}

void TokenColumns::append_tokens(const TokenizedDocument& document) {
  std::vector<int64_t> numbers;
  for (const Patch& patch : document.patches) {
    numbers.push_back(patch_table_.add(patch));
  }
  std::vector<int32_t> stored = document.tokens;
  for (int32_t& token : stored) {
    if (token >= 0) continue;
    token =
        static_cast<int32_t>(-1 - numbers.at(static_cast<size_t>(-1 - token)));
    ++patches_;
  }
  append_labels(document, stored);
  token_.append(stored);
  modality_.append(document.modality);
}

void TokenColumns::append_labels(const TokenizedDocument& document,
                                 const std::vector<int32_t>& stored) {
  const bool differs =
      !document.labels.empty() && document.labels != document.tokens;
  if (!labels_) {
    if (!differs) return;
    labels_ = std::make_unique<Spool>(output_);
    labels_->append_all_of(token_);
  }
  std::vector<int32_t> labels = stored;
  if (differs) {
    assert(document.labels.size() == document.tokens.size());
    for (size_t i = 0; i < labels.size(); ++i) {
      // A patch's label is the patch, under its number in the file.
      if (document.tokens[i] >= 0) labels[i] = document.labels[i];
    }
  }
  labels_->append(labels);
}

void TokenColumns::write(hdf5::Group& group) {
  write_column<int32_t>(group, "tokens", token_);
  write_column<uint8_t>(group, "modality", modality_);
  if (labels_) write_column<int32_t>(group, "labels", *labels_);
  hdf5::Group steps = group.create_group("steps");
  write_column<int64_t>(steps, "offset", step_offset_);
  hdf5::Group documents = group.create_group("documents");
  write_column<int64_t>(documents, "first_step", first_step_);
  write_column<int32_t>(documents, "task", task_);
  write_column<int32_t>(documents, "source", source_);
  write_column<double>(documents, "return", return_);
  hdf5::Group images = group.create_group("images");
  write_column<int64_t>(images, "token", image_token_);
  write_column<int16_t>(images, "rows", image_rows_);
  write_column<int16_t>(images, "columns", image_columns_);
  patch_table_.write(group, "patches");
}

}  // namespace gato

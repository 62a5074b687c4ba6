// The constructor of TokenFileReader checks what all documents depend on. The
// tokens of a document are checked when they are read, because checking them
// all would read an entire file.
#include "gato/data/token_table.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/token_table_contents.h"

namespace gato::data {

void TokenTable::Contents::load_tokens(TokenizedDocument& result,
                                       int64_t document, int64_t begin,
                                       int64_t end,
                                       PatchNumbering numbering) const {
  const auto count = static_cast<size_t>(end - begin);
  result.tokens.resize(count);
  columns.tokens.copy_rows(begin, end - begin, result.tokens.data());
  result.modality.resize(count);
  columns.modality.copy_rows(
      begin, end - begin, reinterpret_cast<uint8_t*>(result.modality.data()));
  if (columns.has_labels) {
    result.labels.resize(count);
    columns.labels.copy_rows(begin, end - begin, result.labels.data());
  }
  load_images(result, begin, end);
  check_tokens(result, document);
  if (numbering == PatchNumbering::per_document) {
    load_patches(result);
  }
  result.task_index = columns.task.at(document);
  result.source_index = columns.source.at(document);
  result.total_reward = columns.total_rewards.at(document);
  // Every step of an episode has a separator; other documents have none.
  result.is_episode = std::find(result.modality.begin(), result.modality.end(),
                                Modality::separator) != result.modality.end();
}

void TokenTable::Contents::load_images(TokenizedDocument& result, int64_t begin,
                                       int64_t end) const {
  // Images and patch tokens must cover each other exactly.
  int64_t covered = 0;
  for (int64_t i = columns.find_first_image(begin);
       i < columns.image_token.size(); ++i) {
    const TokenizedImage image{columns.image_token.at(i) - begin,
                               columns.image_rows.at(i),
                               columns.image_columns.at(i)};
    if (image.first_token >= end - begin) {
      break;
    }
    const int64_t count = int64_t{image.rows} * image.columns;
    for (int64_t j = image.first_token; j < image.first_token + count; ++j) {
      if (j >= end - begin ||
          result.modality[static_cast<size_t>(j)] != Modality::patch) {
        throw base::input_error(
            "{}: token {} belongs to image {}, but is not a patch: the file is "
            "corrupt",
            name, begin + j, i);
      }
    }
    covered += count;
    result.images.push_back(image);
  }
  if (covered != std::count(result.modality.begin(), result.modality.end(),
                            Modality::patch)) {
    throw base::input_error(
        "{}: tokens {} to {} contain a patch that belongs to no image: the "
        "file is corrupt",
        name, begin, end);
  }
}

void TokenTable::Contents::check_tokens(const TokenizedDocument& result,
                                        int64_t document) const {
  const auto fail = [&](size_t i, const char* what, const auto& value) {
    throw base::input_error(
        "{}: document {}, token {}: invalid {} {}: the file is corrupt", name,
        document, i, what, value);
  };
  for (size_t i = 0; i < result.tokens.size(); ++i) {
    const int32_t token = result.tokens[i];
    const Modality kind = result.modality[i];
    if (kind == Modality::padding || kind > Modality::continuous_action) {
      fail(i, "modality", static_cast<int64_t>(kind));
    }
    if (kind == Modality::patch) {
      if (!is_patch(token)) {
        fail(i, "patch number", token);
      }
      if (patch_index(token) >= columns.patches.size()) {
        fail(i, "patch number", patch_index(token));
      }
      continue;
    }
    if (!ids.contains(kind, token)) {
      fail(i, "id", ids.describe(kind, token));
    }
    if (!columns.has_labels) {
      continue;
    }
    const int32_t label = result.labels[i];
    if (!ids.contains(kind, label)) {
      fail(i, "label", ids.describe(kind, label));
    }
  }
}

void TokenTable::Contents::load_patches(TokenizedDocument& result) const {
  if (result.images.empty()) {
    return;
  }
  // Maps tokens of the table to tokens of the document.
  std::unordered_map<int32_t, int32_t> document_tokens;
  for (size_t i = 0; i < result.tokens.size(); ++i) {
    if (result.modality[i] != Modality::patch) {
      continue;
    }
    const int32_t stored = result.tokens[i];
    const auto [entry, is_new] = document_tokens.try_emplace(
        stored, patch_token(std::ssize(result.patches)));
    if (is_new) {
      columns.patches.copy_rows(patch_index(stored), 1,
                                result.patches.emplace_back().data());
    }
    result.tokens[i] = entry->second;
    if (columns.has_labels) {
      result.labels[i] = entry->second;
    }
  }
}

TokenTable::TokenTable(std::unique_ptr<Contents> contents)
    : contents_(std::move(contents)) {}
TokenTable::~TokenTable() = default;
TokenTable::TokenTable(TokenTable&&) noexcept = default;

const std::string& TokenTable::name() const { return contents_->name; }
const Vocabulary& TokenTable::vocabulary() const {
  return contents_->vocabulary;
}
const TaskTable& TokenTable::tasks() const { return contents_->tasks; }
bool TokenTable::has_labels() const { return contents_->columns.has_labels; }

bool TokenTable::is_in_memory() const {
  return contents_->columns.is_in_memory();
}

void TokenTable::drop_pages() const {
  if (contents_->mapping) {
    contents_->mapping->drop_pages();
  }
}

void TokenTable::discard_text_model() {
  contents_->vocabulary.sentencepiece_model = {};
}

int64_t TokenTable::document_count() const {
  return contents_->columns.first_step.size() - 1;
}
int64_t TokenTable::token_count() const {
  return contents_->columns.tokens.size();
}
int64_t TokenTable::step_count() const {
  return contents_->columns.step_offset.size() - 1;
}
int64_t TokenTable::distinct_patch_count() const {
  return contents_->columns.patches.size();
}
int32_t TokenTable::task_index(int64_t document) const {
  return contents_->columns.task.at(document);
}
int32_t TokenTable::source_index(int64_t document) const {
  return contents_->columns.source.at(document);
}
double TokenTable::total_reward(int64_t document) const {
  return contents_->columns.total_rewards.at(document);
}
int64_t TokenTable::first_step(int64_t document) const {
  return contents_->columns.first_step.at(document);
}
int64_t TokenTable::step_offset(int64_t step) const {
  return contents_->columns.step_offset.at(step);
}
int64_t TokenTable::document_length(int64_t document) const {
  return step_offset(first_step(document + 1)) -
         step_offset(first_step(document));
}

TokenizedDocument TokenTable::document(int64_t document) const {
  return read_steps(document, 0,
                    first_step(document + 1) - first_step(document));
}

TokenizedDocument TokenTable::read_steps(int64_t document, int64_t first,
                                         int64_t last,
                                         PatchNumbering numbering) const {
  const TokenColumnViews& columns = contents_->columns;
  const int64_t first_index = columns.first_step.at(document) + first;
  TokenizedDocument result;
  result.step_offset.resize(static_cast<size_t>(last - first) + 1);
  columns.step_offset.copy_rows(first_index, last - first + 1,
                                result.step_offset.data());
  const int64_t begin = result.step_offset.front();
  const int64_t end = result.step_offset.back();
  for (int64_t& offset : result.step_offset) {
    offset -= begin;
  }
  contents_->load_tokens(result, document, begin, end, numbering);
  return result;
}

TokenizedDocument TokenTable::read_token_range(int64_t document, int64_t& begin,
                                               int64_t end,
                                               PatchNumbering numbering) const {
  const TokenColumnViews& columns = contents_->columns;
  const int64_t step = columns.first_step.at(document);
  assert(columns.first_step.at(document + 1) == step + 1);
  const int64_t document_begin = columns.step_offset.at(step);
  // Indices of tokens in the table rather than in the document.
  int64_t first = document_begin + begin, last = document_begin + end;
  const int64_t image_before = columns.find_first_image(first) - 1;
  if (image_before >= 0 && columns.image_end_token(image_before) > first) {
    first = columns.image_token.at(image_before);
  }
  // The last image that begins before `last` may extend beyond it.
  const int64_t last_image = columns.find_first_image(last) - 1;
  if (last_image >= 0) {
    last = std::max(last, columns.image_end_token(last_image));
  }
  begin = first - document_begin;
  TokenizedDocument result;
  result.step_offset = {0, last - first};
  contents_->load_tokens(result, document, first, last, numbering);
  return result;
}

Patch TokenTable::read_patch(int64_t index) const {
  Patch patch;
  contents_->columns.patches.copy_rows(index, 1, patch.data());
  return patch;
}

std::span<const uint8_t> TokenTable::patch_pixels() const {
  assert(contents_->columns.patches.is_in_memory());
  return {contents_->columns.patches.row(0),
          static_cast<size_t>(distinct_patch_count()) * sizeof(Patch)};
}

}  // namespace gato::data

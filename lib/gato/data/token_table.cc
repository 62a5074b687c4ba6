#include "gato/data/token_table.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

#include "gato/base/error.h"
#include "gato/data/token_table_contents.h"

// A read copies the tokens of a range of steps or of a part of a text, with
// their modalities and labels, then finds the images in the range by bisection.
// All values are checked at this point rather than when a table is opened, so
// that opening a file of terabytes reads only the offsets and the images.

namespace gato::data {

int64_t TokenTable::Contents::find_first_image(int64_t token) const {
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

void TokenTable::Contents::read_images(int64_t begin, int64_t end,
                                       TokenizedDocument& result) const {
  int64_t covered = 0;
  for (int64_t i = find_first_image(begin); i < image_token.size(); ++i) {
    const TokenizedImage image{image_token.at(i) - begin, image_rows.at(i),
                               image_columns.at(i)};
    if (image.first_token >= end - begin) {
      break;
    }
    const int64_t count = int64_t{image.rows} * image.columns;
    for (int64_t j = image.first_token; j < image.first_token + count; ++j) {
      if (j >= end - begin ||
          result.modality[static_cast<size_t>(j)] != Modality::patch) {
        throw base::input_error(
            "{}: token {} belongs to image {} but is no patch", name, begin + j,
            i);
      }
    }
    covered += count;
    result.images.push_back(image);
  }
  if (covered != std::ranges::count(result.modality, Modality::patch)) {
    throw base::input_error("{}: tokens {} to {} hold a patch of no image",
                            name, begin, end);
  }
}

void TokenTable::Contents::check_tokens(int64_t document,
                                        const TokenizedDocument& result) const {
  const auto refuse = [&](size_t i, const char* what, const auto& value) {
    throw base::input_error(
        "{}: document {}, token {}: {} {} is not valid: the file is damaged",
        name, document, i, what, value);
  };
  for (size_t i = 0; i < result.tokens.size(); ++i) {
    const int32_t token = result.tokens[i];
    const Modality kind = result.modality[i];
    if (kind == Modality::padding || kind > Modality::continuous_action) {
      refuse(i, "modality", static_cast<int64_t>(kind));
    }
    if (kind == Modality::patch) {
      if (!is_patch(token)) {
        refuse(i, "patch number", token);
      }
      if (patch_index(token) >= patches.size()) {
        refuse(i, "patch number", patch_index(token));
      }
      continue;
    }
    if (!ids.contains(kind, token)) {
      refuse(i, "id", ids.describe(kind, token));
    }
    if (!has_labels) {
      continue;
    }
    const int32_t label = result.labels[i];
    if (!ids.contains(kind, label)) {
      refuse(i, "label", ids.describe(kind, label));
    }
  }
}

void TokenTable::Contents::read_patches(TokenizedDocument& result) const {
  if (result.images.empty()) {
    return;
  }
  // By the token that refers to the patch in the table.
  std::unordered_map<int32_t, int32_t> document_tokens;
  for (size_t i = 0; i < result.tokens.size(); ++i) {
    if (result.modality[i] != Modality::patch) {
      continue;
    }
    const int32_t stored = result.tokens[i];
    const auto [entry, is_new] = document_tokens.try_emplace(
        stored, patch_token(std::ssize(result.patches)));
    if (is_new) {
      patches.copy_rows(patch_index(stored), 1,
                        result.patches.emplace_back().data());
    }
    result.tokens[i] = entry->second;
    if (has_labels) {
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
bool TokenTable::has_labels() const { return contents_->has_labels; }

bool TokenTable::is_in_memory() const {
  const auto all = [](const auto&... columns) {
    return (columns.is_in_memory() && ...);
  };
  const Contents& c = *contents_;
  return all(c.tokens, c.task, c.source, c.modality, c.patches, c.step_offset,
             c.first_step, c.image_token, c.image_rows, c.image_columns,
             c.total_reward) &&
         (!c.has_labels || c.labels.is_in_memory());
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
  return contents_->first_step.size() - 1;
}
int64_t TokenTable::token_count() const { return contents_->tokens.size(); }
int64_t TokenTable::step_count() const {
  return contents_->step_offset.size() - 1;
}
int64_t TokenTable::distinct_patch_count() const {
  return contents_->patches.size();
}
int32_t TokenTable::task_index(int64_t document) const {
  return contents_->task.at(document);
}
int32_t TokenTable::source_index(int64_t document) const {
  return contents_->source.at(document);
}
double TokenTable::total_reward(int64_t document) const {
  return contents_->total_reward.at(document);
}
int64_t TokenTable::first_step(int64_t document) const {
  return contents_->first_step.at(document);
}
int64_t TokenTable::step_offset(int64_t step) const {
  return contents_->step_offset.at(step);
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
  const int64_t first_step_index = first_step(document) + first;
  TokenizedDocument result;
  result.step_offset.resize(static_cast<size_t>(last - first) + 1);
  contents_->step_offset.copy_rows(first_step_index, last - first + 1,
                                   result.step_offset.data());
  const int64_t begin = result.step_offset.front();
  const int64_t end = result.step_offset.back();
  for (int64_t& offset : result.step_offset) {
    offset -= begin;
  }
  read_tokens(document, begin, end, numbering, result);
  return result;
}

TokenizedDocument TokenTable::read_token_range(int64_t document, int64_t& begin,
                                               int64_t end,
                                               PatchNumbering numbering) const {
  const Contents& c = *contents_;
  const int64_t step = first_step(document);
  assert(first_step(document + 1) == step + 1);
  const int64_t start = step_offset(step);
  int64_t first = start + begin, last = start + end;
  const int64_t image_before = c.find_first_image(first) - 1;
  if (image_before >= 0 && c.image_end(image_before) > first) {
    first = c.image_token.at(image_before);
  }
  const int64_t last_image = c.find_first_image(last) - 1;
  if (last_image >= 0) {
    last = std::max(last, c.image_end(last_image));
  }
  begin = first - start;
  TokenizedDocument result;
  result.step_offset = {0, last - first};
  read_tokens(document, first, last, numbering, result);
  return result;
}

void TokenTable::read_tokens(int64_t document, int64_t begin, int64_t end,
                             PatchNumbering numbering,
                             TokenizedDocument& result) const {
  const Contents& c = *contents_;
  const auto count = static_cast<size_t>(end - begin);
  result.tokens.resize(count);
  c.tokens.copy_rows(begin, end - begin, result.tokens.data());
  result.modality.resize(count);
  c.modality.copy_rows(begin, end - begin,
                       reinterpret_cast<uint8_t*>(result.modality.data()));
  if (c.has_labels) {
    result.labels.resize(count);
    c.labels.copy_rows(begin, end - begin, result.labels.data());
  }
  c.read_images(begin, end, result);
  c.check_tokens(document, result);
  if (numbering == PatchNumbering::per_document) {
    c.read_patches(result);
  }
  result.task_index = task_index(document);
  result.source_index = source_index(document);
  result.total_reward = total_reward(document);
  // Every step of an episode has a separator; nothing else has one.
  result.is_episode = std::ranges::find(result.modality, Modality::separator) !=
                      result.modality.end();
}

Patch TokenTable::read_patch(int64_t index) const {
  Patch patch;
  contents_->patches.copy_rows(index, 1, patch.data());
  return patch;
}

std::span<const uint8_t> TokenTable::patch_pixels() const {
  assert(contents_->patches.is_in_memory());
  return {contents_->patches.row(0),
          static_cast<size_t>(distinct_patch_count()) * sizeof(Patch)};
}

}  // namespace gato::data

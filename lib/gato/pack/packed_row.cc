#include "gato/pack/packed_row.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace gato::pack {
namespace {

template <class T>
void append(const std::vector<T>& values, std::vector<T>& column) {
  column.insert(column.end(), values.begin(), values.end());
}

// Appends the tokens of `window`. Its patch tokens are numbered consecutively
// after those of the row so far; packed.patches records which patch of the
// corpus each of them is. Entire columns are appended: appending one token at a
// time makes gato-pack take half as long again.
void append_window(const Corpus& corpus, const Window& window, uint8_t segment,
                   PackedRow& packed) {
  const Corpus::Slice slice =
      corpus.read(window.document, window.begin, window.end,
                  data::PatchNumbering::per_table);
  const data::TokenizedDocument& document = slice.document;
  const int64_t begin = window.begin - slice.offset;
  const int64_t end = window.end - slice.offset;
  data::TokenRow tokens = data::make_token_row(document, begin, end);
  std::vector<int32_t> labels = tokens.tokens;
  if (!document.labels.empty()) {
    labels.assign(document.labels.begin() + begin,
                  document.labels.begin() + end);
  }
  const int32_t table = corpus.table_index(window.document);
  for (int64_t i = 0; i < tokens.size(); ++i) {
    int32_t& token = tokens.tokens[i];
    if (!data::is_patch(token)) {
      continue;
    }
    packed.patches.push_back(
        {table, static_cast<int32_t>(data::patch_index(token))});
    labels[i] = token = data::patch_token(std::ssize(packed.patches) - 1);
  }
  data::SequenceRow& row = packed.row;
  append(tokens.tokens, row.input.tokens);
  append(tokens.modality, row.input.modality);
  append(tokens.local_position, row.input.local_position);
  append(tokens.interval, row.input.interval);
  append(labels, row.labels);
  row.segment_ids.resize(row.input.size(), segment);
  row.prompt_mask.resize(row.input.size(), window.is_prompt ? 1 : 0);
}

// Truncates or pads the row to `length` tokens.
void resize_row(data::SequenceRow& row, int64_t length) {
  row.input.resize(length);
  row.labels.resize(length, 0);
  row.segment_ids.resize(length,
                         row.segment_ids.empty() ? 0 : row.segment_ids.back());
  row.prompt_mask.resize(length, 0);
}

}  // namespace

PackedRow build_row(const Corpus& corpus, const RowPlan& plan, int64_t length) {
  PackedRow packed;
  data::SequenceRow& row = packed.row;
  row.task_index = plan.task;
  row.input.reserve(length);
  for (const Window& window : plan.windows) {
    const int64_t begin = row.input.size();
    const size_t patch_count = packed.patches.size();
    append_window(corpus, window, static_cast<uint8_t>(packed.window_count),
                  packed);
    int64_t targets = 0;
    for (int64_t i = std::max<int64_t>(begin, 1); i < row.input.size(); ++i) {
      targets += data::is_target(row.input.modality[i]);
    }
    const bool is_first = begin == 0 || packed.has_prompt;
    if (targets == 0 && !is_first) {
      resize_row(row, begin);
      packed.patches.resize(patch_count);
      break;
    }
    packed.target_count += targets;
    packed.has_prompt |= window.is_prompt;
    ++packed.window_count;
  }
  packed.token_count = row.input.size();
  resize_row(row, length);
  if (!corpus.has_labels()) {
    row.labels.clear();
  }
  return packed;
}

std::vector<data::Patch> load_patches(const Corpus& corpus, PackedRow& packed) {
  std::vector<data::Patch> pixels;
  std::map<std::pair<int32_t, int32_t>, int32_t> patch_indices;
  packed.renumber_patches([&](PatchRef ref) {
    const auto [entry, is_new] = patch_indices.try_emplace(
        {ref.table, ref.index}, static_cast<int32_t>(pixels.size()));
    if (is_new) {
      pixels.push_back(corpus.table(ref.table).read_patch(ref.index));
    }
    return entry->second;
  });
  return pixels;
}

}  // namespace gato::pack

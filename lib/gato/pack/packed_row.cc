#include "gato/pack/packed_row.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gato::pack {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void append_window(const Corpus& corpus, const Window& window, uint8_t segment,
                   PackedRow& packed) {
  data::SequenceRow& row = packed.row;
  const Corpus::Slice piece =
      corpus.read(window.document, window.begin, window.end,
                  data::PatchNumbering::per_file);
  const data::TokenizedDocument& document = piece.document;
  const int64_t begin = window.begin - piece.offset;
  const int64_t end = window.end - piece.offset;
  data::TokenFeatures features =
      data::make_token_features(document, begin, end);

  std::vector<int32_t> labels =
      document.labels.empty()
          ? features.tokens
          : std::vector<int32_t>(document.labels.begin() + begin,
                                 document.labels.begin() + end);
  const int32_t file = corpus.file_index(window.document);
  for (size_t i = 0; i < features.tokens.size(); ++i) {
    int32_t& token = features.tokens[i];
    if (token >= 0) continue;
    packed.patches.push_back({file, -(1 + token)});
    labels[i] = token = -static_cast<int32_t>(packed.patches.size());
  }
  append(row.features.tokens, features.tokens);
  append(row.features.modality, features.modality);
  append(row.features.local_position, features.local_position);
  append(row.features.interval, features.interval);
  append(row.labels, labels);
  row.segment_ids.insert(row.segment_ids.end(), end - begin, segment);
  row.prompt_mask.insert(row.prompt_mask.end(), end - begin,
                         window.is_prompt ? 1 : 0);
}

// Keeps or fills up to `length` tokens.
void resize_row(data::SequenceRow& row, int64_t length) {
  row.features.tokens.resize(length, 0);
  row.features.modality.resize(length, data::Modality::padding);
  row.features.local_position.resize(length,
                                     data::TokenFeatures::kNoLocalPosition);
  row.features.interval.resize(length, {});
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
  for (const Window& window : plan.windows) {
    const auto begin = static_cast<int64_t>(row.features.tokens.size());
    const size_t patches = packed.patches.size();
    append_window(corpus, window, static_cast<uint8_t>(packed.window_count),
                  packed);
    int64_t targets = 0;
    for (size_t i = std::max<int64_t>(begin, 1); i < row.features.tokens.size();
         ++i)
      targets += data::is_target(row.features.modality[i]);
    const bool is_first = begin == 0 || packed.has_prompt;
    if (targets == 0 && !is_first) {
      resize_row(row, begin);
      packed.patches.resize(patches);
      break;
    }
    packed.target_count += targets;
    packed.has_prompt |= window.is_prompt;
    ++packed.window_count;
  }
  packed.token_count = static_cast<int64_t>(row.features.tokens.size());
  resize_row(row, length);
  if (!corpus.has_labels()) row.labels.clear();
  return packed;
}

std::vector<data::Patch> load_patches(const Corpus& corpus, PackedRow& packed) {
  std::vector<data::Patch> pixels;
  std::map<std::pair<int32_t, int32_t>, int32_t> patch_indices;
  packed.renumber_patches([&](PatchRef ref) {
    const auto [entry, is_new] = patch_indices.try_emplace(
        {ref.file, ref.index}, static_cast<int32_t>(pixels.size()));
    if (is_new)
      pixels.push_back(corpus.files()[ref.file].read_patch(ref.index));
    return entry->second;
  });
  return pixels;
}

}  // namespace gato::pack

#include "gato/pack/row.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gato {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void append_window(const Corpus& corpus, const Window& window, uint8_t segment,
                   PackedRow& packed) {
  SequenceRow& row = packed.row;
  const Corpus::Piece piece = corpus.read(window.document, window.begin,
                                          window.end, PatchNumbers::of_file);
  const TokenizedDocument& document = piece.document;
  const int64_t begin = window.begin - piece.offset;
  const int64_t end = window.end - piece.offset;
  TokenFeatures features = features_of(document, begin, end);

  std::vector<int32_t> labels =
      document.labels.empty()
          ? features.tokens
          : std::vector<int32_t>(document.labels.begin() + begin,
                                 document.labels.begin() + end);
  const int32_t file = corpus.file_of(window.document);
  for (size_t i = 0; i < features.tokens.size(); ++i) {
    int32_t& token = features.tokens[i];
    if (token >= 0) continue;
    packed.patches.push_back({file, -(1 + token)});
    labels[i] = token = -static_cast<int32_t>(packed.patches.size());
  }
  append(row.features.tokens, features.tokens);
  append(row.features.modality, features.modality);
  append(row.features.local, features.local);
  append(row.features.interval, features.interval);
  append(row.labels, labels);
  row.segment.insert(row.segment.end(), end - begin, segment);
  row.prompt.insert(row.prompt.end(), end - begin, window.is_prompt ? 1 : 0);
}

// Keeps or fills up to `length` tokens.
void resize(SequenceRow& row, int64_t length) {
  row.features.tokens.resize(length, 0);
  row.features.modality.resize(length, Modality::padding);
  row.features.local.resize(length, TokenFeatures::no_local);
  row.features.interval.resize(length, {});
  row.labels.resize(length, 0);
  row.segment.resize(length, row.segment.empty() ? 0 : row.segment.back());
  row.prompt.resize(length, 0);
}

}  // namespace

PackedRow build_row(const Corpus& corpus, const RowPlan& plan, int64_t length) {
  PackedRow packed;
  SequenceRow& row = packed.row;
  row.task = plan.task;
  for (const Window& window : plan.windows) {
    const auto begin = static_cast<int64_t>(row.features.tokens.size());
    const size_t patches = packed.patches.size();
    append_window(corpus, window, static_cast<uint8_t>(packed.windows), packed);
    int64_t targets = 0;
    for (size_t i = std::max<int64_t>(begin, 1); i < row.features.tokens.size();
         ++i)
      targets += is_target(row.features.modality[i]);
    const bool is_first = begin == 0 || packed.has_prompt;
    if (targets == 0 && !is_first) {
      resize(row, begin);
      packed.patches.resize(patches);
      break;
    }
    packed.targets += targets;
    packed.has_prompt |= window.is_prompt;
    ++packed.windows;
  }
  packed.tokens = static_cast<int64_t>(row.features.tokens.size());
  resize(row, length);
  if (!corpus.has_labels()) row.labels.clear();
  return packed;
}

std::vector<Patch> take_patches(const Corpus& corpus, PackedRow& packed) {
  std::vector<Patch> pixels;
  std::map<std::pair<int32_t, int32_t>, int32_t> numbers;
  packed.renumber([&](PatchPlace place) {
    const auto [entry, is_new] = numbers.try_emplace(
        {place.file, place.number}, static_cast<int32_t>(pixels.size()));
    if (is_new)
      pixels.push_back(corpus.files()[place.file].patch(place.number));
    return entry->second;
  });
  return pixels;
}

}  // namespace gato

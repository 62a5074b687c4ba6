// The JSON of a vocabulary also contains the constants of the encoding, and the
// size, which follows from the other values. A program with other constants
// thus rejects the file instead of misinterpreting its ids.
#include "gato/data/vocabulary.h"

#include <nlohmann/json.hpp>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/data/json_fields.h"

namespace gato::data {
namespace {

// The maximum size of a text model, which keeps all ids far below the limit of
// int32.
constexpr int32_t kMaxPieces = 1 << 28;

DiscreteLayout parse_discrete_layout(const std::string& name) {
  if (name == "overlap") {
    return DiscreteLayout::overlap;
  }
  if (name == "separate") {
    return DiscreteLayout::separate;
  }
  throw base::input_error(
      "key 'discrete' is \"{}\", but must be \"overlap\" or \"separate\"",
      name);
}

void require_supported(const nlohmann::json& json, const char* key,
                       double expected) {
  if (number_at(json, key) != expected) {
    throw base::input_error("key '{}' is {}, but must be {}", key,
                            json.at(key).dump(), expected);
  }
}

}  // namespace

Vocabulary Vocabulary::make(std::string sentencepiece_bytes, int32_t text_size,
                            DiscreteLayout discrete) {
  if (text_size < 1 || text_size > kMaxPieces) {
    throw base::input_error(
        "a SentencePiece model of {} pieces is not supported: it must have "
        "from 1 to {}",
        text_size, kMaxPieces);
  }
  if (discrete == DiscreteLayout::overlap && text_size < kBinCount) {
    throw base::usage_error(
        "a SentencePiece model of {} pieces is too small for --discrete "
        "overlap, which needs {}: use --discrete separate, a larger model, or, "
        "for episodes without text, --text-model none",
        text_size, kBinCount);
  }
  Vocabulary vocabulary;
  vocabulary.text_size = text_size;
  vocabulary.discrete_layout = discrete;
  vocabulary.digest = base::digest_bytes(sentencepiece_bytes);
  vocabulary.sentencepiece_model = std::move(sentencepiece_bytes);
  return vocabulary;
}

Vocabulary Vocabulary::without_text() {
  Vocabulary vocabulary;
  vocabulary.discrete_layout = DiscreteLayout::separate;
  vocabulary.digest = base::digest_bytes("");
  return vocabulary;
}

nlohmann::json Vocabulary::to_json() const {
  return {{"text_size", text_size},
          {"bins", kBinCount},
          {"mu", kMu},
          {"m", kM},
          {"discrete",
           discrete_layout == DiscreteLayout::overlap ? "overlap" : "separate"},
          {"size", size()},
          {"digest", digest}};
}

Vocabulary Vocabulary::from_json(const nlohmann::json& json) {
  Vocabulary vocabulary;
  base::with_context("vocabulary", [&] {
    const int64_t text_size = integer_at(json, "text_size");
    if (text_size < 0 || text_size > kMaxPieces) {
      throw base::input_error("key 'text_size' is {}, but must be from 0 to {}",
                              text_size, kMaxPieces);
    }
    vocabulary.text_size = static_cast<int32_t>(text_size);
    vocabulary.discrete_layout =
        parse_discrete_layout(string_at(json, "discrete"));
    vocabulary.digest = string_at(json, "digest");
    require_supported(json, "bins", kBinCount);
    require_supported(json, "mu", kMu);
    require_supported(json, "m", kM);
    require_supported(json, "size", vocabulary.size());
  });
  if (vocabulary.discrete_layout == DiscreteLayout::overlap &&
      vocabulary.text_size < kBinCount) {
    throw base::input_error(
        "vocabulary: text_size is {}, but the overlap layout requires at least "
        "{}",
        vocabulary.text_size, kBinCount);
  }
  return vocabulary;
}

ModalityIdRanges::ModalityIdRanges(const Vocabulary& vocabulary) {
  const auto set = [this](Modality modality, int32_t begin, int32_t count) {
    ranges_[static_cast<size_t>(modality)] = {begin, begin + count};
  };
  constexpr int32_t kBins = Vocabulary::kBinCount;
  set(Modality::padding, 0, 1);
  set(Modality::text, 0, vocabulary.text_size);
  set(Modality::separator, vocabulary.separator(), 1);
  for (const auto modality :
       {Modality::continuous_observation, Modality::continuous_action}) {
    set(modality, vocabulary.continuous_begin(), kBins);
  }
  for (const auto modality :
       {Modality::discrete_observation, Modality::discrete_action}) {
    set(modality, vocabulary.discrete_begin(), kBins);
  }
}

std::string ModalityIdRanges::describe(Modality modality, int32_t id) const {
  const auto kind = static_cast<size_t>(modality);
  const IdRange& range = ranges_.at(kind);
  if (range.begin == range.end) {
    return fmt::format("{} of modality {} ({}), which has no ids", id, kind,
                       kModalityNames.at(kind));
  }
  return fmt::format("{} of modality {} ({}), whose ids are {} to {}", id, kind,
                     kModalityNames.at(kind), range.begin, range.end - 1);
}

bool Vocabulary::has_same_ids(const Vocabulary& other) const {
  return text_size == other.text_size &&
         discrete_layout == other.discrete_layout && digest == other.digest;
}

}  // namespace gato::data

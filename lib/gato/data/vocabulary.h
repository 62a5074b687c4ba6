// The ids of the token stream (Reed et al. 2022, section 2.1).
//
//   text                  [0, V)
//   continuous values     [V, V+1024): 1024 uniform bins of [-1, 1]
//   discrete values       overlap: [0, 1024), shared with text; needs V >= 1024
//                         separate: [V+1024, V+2048)
//   separator             the last id
//
// V is 0 if there is no text model, because the data contains no text. The
// layout is then `separate`.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace gato::data {

enum class DiscreteLayout : uint8_t { overlap, separate };

struct Vocabulary {
  // The number of bins of a continuous value, and the constants of its mu-law
  // encoding (Reed et al. 2022, appendix B).
  static constexpr int32_t kBinCount = 1024;
  static constexpr double kMu = 100;
  static constexpr double kM = 256;

  int32_t text_size = 0;  // V
  DiscreteLayout discrete_layout = DiscreteLayout::overlap;
  std::string sentencepiece_model;  // bytes of the text model; empty if unknown
  std::string digest;               // xxh64 of those bytes, 16 hex digits

  // Returns the vocabulary of a text model. Throws Error(usage) if the layout
  // is `overlap` and V < 1024, and Error(bad_input) if V is not supported.
  static Vocabulary make(std::string sentencepiece_bytes, int32_t text_size,
                         DiscreteLayout discrete);

  // Returns the vocabulary of data without text: V is 0.
  static Vocabulary without_text();
  bool has_text() const { return text_size > 0; }

  int32_t continuous_begin() const { return text_size; }
  int32_t discrete_begin() const {
    return discrete_layout == DiscreteLayout::overlap ? 0
                                                      : text_size + kBinCount;
  }
  int32_t separator() const {
    return text_size +
           kBinCount * (discrete_layout == DiscreteLayout::overlap ? 1 : 2);
  }
  int32_t size() const { return separator() + 1; }

  // Returns {"text_size", "bins", "mu", "m", "discrete", "size", "digest"}.
  nlohmann::json to_json() const;
  // Throws Error(bad_input) if a value is missing or not supported.
  static Vocabulary from_json(const nlohmann::json& json);
  // Returns true if text size, layout and digest are equal. Files can be mixed
  // only if their vocabularies have the same ids.
  bool has_same_ids(const Vocabulary& other) const;
};

// DO NOT CHANGE THESE VALUES: they are stored in token and sequence files.
enum class Modality : uint8_t {
  padding = 0,
  text = 1,
  patch = 2,
  discrete_observation = 3,
  continuous_observation = 4,
  separator = 5,
  discrete_action = 6,
  continuous_action = 7,
};

// Returns true for text and action tokens, which are the only prediction
// targets (Reed et al. 2022, section 2.3).
constexpr bool is_target(Modality modality) {
  return modality == Modality::text || modality == Modality::discrete_action ||
         modality == Modality::continuous_action;
}
constexpr bool is_action(Modality modality) {
  return modality == Modality::discrete_action ||
         modality == Modality::continuous_action;
}

inline constexpr std::array<const char*, 8> kModalityNames{
    "padding",
    "text",
    "patch",
    "discrete_observation",
    "continuous_observation",
    "separator",
    "discrete_action",
    "continuous_action"};

// A range [begin, end) of ids.
struct IdRange {
  int32_t begin = 0, end = 0;
  bool contains(int32_t id) const { return id >= begin && id < end; }
  bool operator==(const IdRange&) const = default;
};

// The valid ids of the tokens of each modality and of their labels. The range
// of patches is empty, because their tokens are not ids, and so is that of text
// if there is no text model; the only id of padding is 0.
class ModalityIdRanges {
 public:
  ModalityIdRanges() = default;
  explicit ModalityIdRanges(const Vocabulary& vocabulary);
  bool contains(Modality modality, int32_t id) const {
    return ranges_[static_cast<size_t>(modality)].contains(id);
  }
  // Returns a description for messages, such as
  // "7 of modality 7 (continuous_action), whose ids are 1100 to 2123".
  std::string describe(Modality modality, int32_t id) const;

 private:
  std::array<IdRange, kModalityNames.size()> ranges_;
};

}  // namespace gato::data

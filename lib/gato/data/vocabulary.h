// The ids of the token stream (paper 2.1).
//
//   text                  [0, V)
//   continuous values     [V, V+1024): 1024 uniform bins of [-1, 1]
//   discrete values       overlap: [0, 1024), shared with text; needs V >= 1024
//                         separate: [V+1024, V+2048)
//   separator             the last id
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace gato::data {

enum class DiscreteLayout : uint8_t { overlap, separate };

struct Vocabulary {
  static constexpr int32_t kBinCount = 1024;
  static constexpr double kMu = 100;
  static constexpr double kM = 256;

  int32_t text_size = 0;  // V
  DiscreteLayout discrete_layout = DiscreteLayout::overlap;
  std::string sentencepiece_model;  // bytes of the text model; may be empty
                                    // where unknown
  std::string digest;               // xxh64 of those bytes, 16 hex digits

  // Error (usage) where overlap is asked for with V < 1024.
  static Vocabulary make(std::string sentencepiece_bytes, int32_t text_size,
                         DiscreteLayout discrete);

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

  // {"text_size","bins","mu","m","discrete","size","digest"}
  nlohmann::json to_json() const;
  static Vocabulary from_json(const nlohmann::json& json);
  // Two files mix only where this holds (layout and digest).
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

// Targets are text and action tokens, nothing else (paper 2.3).
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

// The ids [begin, end) that tokens of each modality, and their labels, may
// have: none for patches, whose tokens are no ids; 0 for padding.
class ModalityIdRanges {
 public:
  ModalityIdRanges() = default;
  explicit ModalityIdRanges(const Vocabulary& vocabulary);
  bool contains(Modality modality, int32_t id) const {
    return ranges_[static_cast<size_t>(modality)].contains(id);
  }
  // "7 of modality 7 (continuous_action), whose ids are 1100 to 2123"
  std::string describe(Modality modality, int32_t id) const;

 private:
  std::array<IdRange, kModalityNames.size()> ranges_;
};

}  // namespace gato::data

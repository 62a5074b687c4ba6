#include "gato/train/drawn_sequences.h"

#include <utility>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/output.h"

namespace gato {
namespace {

// Vectors of bytes and of what is laid out as bytes, seen as bytes.
template <class T>
std::span<const uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()),
          values.size() * sizeof(T)};
}

}  // namespace

DrawnSequences::DrawnSequences(const std::filesystem::path& mixture,
                               const SamplerOptions& options, int64_t sequences)
    : mixture_(mixture),
      mixture_text_(read_file(mixture)),
      packing_(parse_mixture(mixture_text_, mixture, {}), options, sequences) {
  if (packing_.corpus().is_shareable()) return;
  throw input_error(
      "{}: a token file of it is chunked or compressed, and this HDF5 library "
      "is not for several threads: pack it with gato-pack and use --data",
      mixture.string());
}

TrainingData::Row DrawnSequences::row(int64_t i) const {
  struct Drawn {
    SequenceRow row;
    std::vector<Patch> patches;
  };
  PackedRow packed = packing_.row(i);
  std::vector<Patch> patches = take_patches(packing_.corpus(), packed);
  const auto storage = std::make_shared<const Drawn>(
      Drawn{std::move(packed.row), std::move(patches)});
  const SequenceRow* drawn = &storage->row;
  Row row;
  row.view = {
      .tokens = drawn->features.tokens,
      .labels = drawn->labels.empty() ? drawn->features.tokens : drawn->labels,
      .modality = bytes_of(drawn->features.modality),
      .local = drawn->features.local,
      .interval = bytes_of(drawn->features.interval),
      .segment = drawn->segment,
      .prompt = drawn->prompt,
      .task = drawn->task};
  row.patches = bytes_of(storage->patches);
  row.task = drawn->task;
  row.storage = storage;
  return row;
}

std::string DrawnSequences::place_of(int64_t i) const {
  return fmt::format("{}: sequence {}", mixture_.string(), i);
}

void DrawnSequences::record(Provenance& provenance) const {
  provenance.add_input(mixture_, std::ssize(mixture_text_),
                       digest_bytes(mixture_text_));
  packing_.corpus().record(provenance);
}

nlohmann::json DrawnSequences::fingerprint() const {
  nlohmann::json json = common_fingerprint();
  json["sequences"] = rows();
  json["seed"] = packing_.options().seed;
  for (const MixtureEntry& entry : packing_.mixture()) {
    int64_t documents = 0;
    for (const auto& file : entry.files) {
      const Corpus::Range range = packing_.corpus().documents_of(file);
      documents += range.last - range.first;
    }
    json["mixture"].push_back(
        {{"weight", entry.weight},
         {"prompt_fraction", entry.prompt_fraction},
         {"fill", entry.fill == Fill::pad ? "pad" : "same-task"},
         {"documents_per_sequence", entry.documents_per_sequence},
         {"documents", documents}});
  }
  return json;
}

}  // namespace gato

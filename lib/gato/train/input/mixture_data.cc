#include "gato/train/input/mixture_data.h"

#include <utility>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"

namespace gato::train {
namespace {

// Returns the bytes of a vector of a trivially copyable type.
template <class T>
std::span<const uint8_t> byte_span(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()),
          values.size() * sizeof(T)};
}

}  // namespace

MixtureData::MixtureData(const std::filesystem::path& mixture,
                         const pack::PackingOptions& options, int64_t sequences)
    : mixture_path_(mixture),
      mixture_text_(base::read_file(mixture)),
      packing_(pack::parse_mixture(mixture_text_, mixture, {}), options,
               sequences) {
  if (packing_.corpus().is_thread_safe()) {
    return;
  }
  throw base::input_error(
      "{}: one of its token files is chunked or compressed, and this HDF5 "
      "library is not thread-safe: pack the mixture with gato-pack and use "
      "--data",
      mixture.string());
}

TrainingData::Row MixtureData::row(int64_t i) const {
  struct RowStorage {
    data::SequenceRow row;
    std::vector<data::Patch> patches;
  };
  pack::PackedRow packed = packing_.row(i);
  std::vector<data::Patch> patches =
      pack::load_patches(packing_.corpus(), packed);
  const auto storage = std::make_shared<const RowStorage>(
      RowStorage{std::move(packed.row), std::move(patches)});
  const data::SequenceRow* sampled = &storage->row;
  Row row;
  row.view = {.tokens = sampled->features.tokens,
              .labels = sampled->labels.empty() ? sampled->features.tokens
                                                : sampled->labels,
              .modality = byte_span(sampled->features.modality),
              .local_position = sampled->features.local_position,
              .interval = byte_span(sampled->features.interval),
              .segment_ids = sampled->segment_ids,
              .prompt_mask = sampled->prompt_mask,
              .task_index = sampled->task_index};
  row.patches = byte_span(storage->patches);
  row.task = sampled->task_index;
  row.storage = storage;
  return row;
}

std::string MixtureData::row_location(int64_t i) const {
  return fmt::format("{}: sequence {}", mixture_path_.string(), i);
}

void MixtureData::record_inputs(data::Provenance& provenance) const {
  provenance.add_input(mixture_path_, std::ssize(mixture_text_),
                       base::digest_bytes(mixture_text_));
  packing_.corpus().record_provenance(provenance);
}

nlohmann::json MixtureData::fingerprint() const {
  nlohmann::json json = common_fingerprint();
  json["sequences"] = row_count();
  json["seed"] = packing_.options().seed;
  for (const pack::MixtureEntry& entry : packing_.mixture()) {
    int64_t documents = 0;
    for (const auto& file : entry.files) {
      const pack::Corpus::Range range = packing_.corpus().documents_in(file);
      documents += range.end - range.begin;
    }
    json["mixture"].push_back(
        {{"weight", entry.weight},
         {"prompt_fraction", entry.prompt_fraction},
         {"fill", entry.fill == pack::Fill::pad ? "pad" : "same-task"},
         {"documents_per_sequence", entry.documents_per_sequence},
         {"documents", documents}});
  }
  return json;
}

std::vector<std::string> MixtureData::file_names() const {
  std::vector<std::string> names;
  for (const pack::MixtureEntry& entry : packing_.mixture()) {
    std::string name = entry.files.empty() ? "" : entry.files.front().string();
    if (entry.files.size() > 1) {
      name += fmt::format(" and {} more", entry.files.size() - 1);
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace gato::train

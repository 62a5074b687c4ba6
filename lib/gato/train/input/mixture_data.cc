#include "gato/train/input/mixture_data.h"

#include <utility>

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"

namespace gato::train {

MixtureData::MixtureData(const std::filesystem::path& mixture,
                         const pack::PackingOptions& options, int64_t sequences)
    : MixtureData(mixture, base::read_file(mixture), options, sequences) {}

MixtureData::MixtureData(const std::filesystem::path& mixture,
                         std::string mixture_text,
                         const pack::PackingOptions& options, int64_t sequences)
    : PackedData(std::make_unique<const pack::PackedDataset>(
          pack::parse_mixture(mixture_text, mixture, {}), options, sequences)),
      mixture_path_(mixture),
      mixture_text_(std::move(mixture_text)) {
  if (packing().corpus().is_thread_safe()) {
    return;
  }
  throw base::input_error(
      "{}: one of its token files is chunked or compressed, and this HDF5 "
      "library is not thread-safe: pack the mixture with gato-pack and use "
      "--data",
      mixture.string());
}

TrainingData::Row MixtureData::row(int64_t i) const {
  pack::PackedRow packed = packing().row(i);
  std::vector<data::Patch> patches =
      pack::load_patches(packing().corpus(), packed);
  return make_row(std::move(packed.row), std::move(patches));
}

std::string MixtureData::row_location(int64_t i) const {
  return fmt::format("{}: sequence {}", mixture_path_.string(), i);
}

void MixtureData::record_inputs(data::Provenance& provenance) const {
  provenance.add_input(mixture_path_, std::ssize(mixture_text_),
                       base::digest_bytes(mixture_text_));
  packing().corpus().record_provenance(provenance);
}

nlohmann::json MixtureData::fingerprint() const {
  nlohmann::json json = common_fingerprint();
  json["sequences"] = row_count();
  json["seed"] = packing().options().seed;
  for (const pack::MixtureEntry& entry : packing().mixture()) {
    int64_t documents = 0;
    for (const auto& range : packing().corpus().documents_of(entry)) {
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
  for (const pack::MixtureEntry& entry : packing().mixture()) {
    std::string name = entry.files.empty() ? "" : entry.files.front().string();
    if (entry.files.size() > 1) {
      name += fmt::format(" and {} more", entry.files.size() - 1);
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace gato::train

#include "gato/data/provenance.h"

#include "gato/base/digest.h"

namespace gato {

Provenance::Provenance(const cli::Context& context)
    : enabled(!context.common.no_provenance),
      program(context.record.program),
      version(context.record.version),
      argv(context.record.arguments),
      configuration(context.record.configuration),
      seed(context.common.seed) {}

void Provenance::add_input(const std::filesystem::path& path) {
  if (!enabled) return;
  const std::string digest = digest_file(path);
  add_input(path, static_cast<int64_t>(std::filesystem::file_size(path)),
            digest);
}

void Provenance::add_input(const std::filesystem::path& path, int64_t size,
                           const std::string& digest) {
  if (!enabled) return;
  inputs.push_back(
      {{"path", path.string()}, {"size", size}, {"digest", digest}});
}

void Provenance::add_parent(const nlohmann::json& provenance) {
  if (enabled && !provenance.is_null()) parents.push_back(provenance);
}

nlohmann::json Provenance::to_json() const {
  return {{"program", program}, {"version", version},
          {"argv", argv},       {"configuration", configuration},
          {"seed", seed},       {"inputs", inputs},
          {"parents", parents}};
}

}  // namespace gato

#include "gato/data/provenance.h"

#include "gato/base/digest.h"
#include "gato/base/file_io.h"

namespace gato::data {

Provenance::Provenance(const RunRecord& run)
    : enabled(run.has_provenance),
      program(run.program),
      version(run.version),
      argv(run.argv),
      configuration(run.configuration),
      seed(run.seed),
      output(run.output) {}

void Provenance::add_input(const std::filesystem::path& path) {
  base::check_input_is_not_output(path, output);
  if (!enabled) {
    return;
  }
  const std::string digest = base::digest_file(path);
  add_input(path, static_cast<int64_t>(std::filesystem::file_size(path)),
            digest);
}

void Provenance::add_input(const std::filesystem::path& path, int64_t size,
                           const std::string& digest) {
  base::check_input_is_not_output(path, output);
  if (!enabled) {
    return;
  }
  inputs.push_back(
      {{"path", path.string()}, {"size", size}, {"digest", digest}});
}

void Provenance::add_parent(const nlohmann::json& provenance) {
  if (enabled && !provenance.is_null()) {
    parents.push_back(provenance);
  }
}

nlohmann::json Provenance::to_json() const {
  const nlohmann::json record = {
      {"program", program}, {"version", version},
      {"argv", argv},       {"configuration", configuration},
      {"seed", seed},       {"inputs", inputs},
      {"parents", parents}};
  // Arguments and paths are arbitrary bytes, but JSON must be valid UTF-8.
  return nlohmann::json::parse(
      record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace gato::data

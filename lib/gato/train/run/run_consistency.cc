#include "gato/train/run/run_consistency.h"

#include "gato/base/error.h"
#include "gato/train/input/fingerprint.h"

namespace gato::train {

nlohmann::json complete_configuration(const nlohmann::json& stored,
                                      const nlohmann::json& defaults) {
  nlohmann::json configuration = defaults;
  configuration.update(stored);
  return configuration;
}

void check_resumable(const TrainingState& stored, const nlohmann::json& fixed,
                     const TrainingData& data,
                     const std::filesystem::path& path) {
  for (const auto& [key, value] : fixed.items()) {
    if (key == "precision" && value == "auto") {
      continue;
    }
    const nlohmann::json before =
        stored.configuration.value(key, nlohmann::json());
    if (value != before) {
      throw base::usage_error(
          "{} was started with {} = {}, not {}: use --{}={}, or train in "
          "another directory",
          path.string(), key, before.dump(), value.dump(), key,
          before.is_string() ? before.get<std::string>() : before.dump());
    }
  }
  if (stored.data_fingerprint != data.fingerprint()) {
    throw base::input_error(
        "{} was started with different data: {}: use the data that the run "
        "was started with, or train in another directory",
        path.string(),
        describe_fingerprint_change(stored.data_fingerprint, data.fingerprint(),
                                    data.file_names()));
  }
}

void require_equal_on_all_ranks(ProcessGroup& process_group, const char* what,
                                const nlohmann::json& json,
                                const std::vector<std::string>& files) {
  const std::string own = json.dump(), first = process_group.broadcast(own);
  process_group.run_collectively([&] {
    if (own != first) {
      throw base::usage_error(
          "the {} of rank {} differs from that of rank 0: {}", what,
          process_group.rank(),
          describe_fingerprint_change(nlohmann::json::parse(first), json,
                                      files));
    }
  });
}

}  // namespace gato::train

#include "gato/ingest/minari_metadata.h"

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/loose_json.h"

namespace gato {
namespace {

using nlohmann::json;

// Keys of metadata.json, and where they are missing attributes of the root,
// as 0.4 wrote them.
class Metadata {
 public:
  Metadata(const MinariFiles& files, const hdf5::Group& root) : root_(root) {
    if (files.metadata.empty()) return;
    try {
      json_ = parse_loose_json(read_file(files.metadata));
    } catch (const Error& error) {
      if (error.status() == ExitStatus::io) throw;
      throw input_error("{}: {}", files.metadata.string(), error.what());
    }
    if (!json_.is_object()) {
      throw input_error("{}: not a JSON object", files.metadata.string());
    }
  }

  std::string text(const char* key) const {
    if (json_.contains(key) && json_[key].is_string()) {
      return json_[key].get<std::string>();
    }
    return root_.text_attribute(key).value_or("");
  }

  std::optional<int64_t> integer(const char* key) const {
    if (json_.contains(key) && json_[key].is_number_integer()) {
      return json_[key].get<int64_t>();
    }
    return root_.integer_attribute(key);
  }

 private:
  json json_ = json::object();
  const hdf5::Group& root_;
};

// The id within an EnvSpec; empty where there is none.
std::string environment_id(const std::string& env_spec) {
  const json spec = json::parse(env_spec, nullptr, false);
  if (!spec.is_object() || !spec.contains("id") || !spec["id"].is_string()) {
    return "";
  }
  return spec["id"].get<std::string>();
}

std::vector<Field> fields_of(const Metadata& metadata, const char* key,
                             const std::string& bare_name,
                             const std::string& label) {
  const std::string text = metadata.text(key);
  if (text.empty()) {
    throw input_error(
        "{}: the metadata has no \"{}\", and without its environment it cannot "
        "be known: record the dataset again with a Minari that stores it",
        label, key);
  }
  try {
    return flatten(space_from_json(text), bare_name);
  } catch (const Error& error) {
    throw input_error("{}: {}: {}", label, key, error.what());
  }
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return "";
}

}  // namespace

MinariMetadata read_minari_metadata(const MinariFiles& files,
                                    const hdf5::Group& root,
                                    const EpisodeSourceOptions& options) {
  const Metadata metadata(files, root);
  const std::string format = metadata.text("data_format");
  if (!format.empty() && format != "hdf5") {
    throw input_error(
        "{}: the Minari storage format \"{}\" is not supported: "
        "share/gato/convert/minari_arrow.py converts it to hdf5",
        root.label(), format);
  }
  MinariMetadata result;
  TaskSpec& spec = result.spec;
  spec.observation =
      fields_of(metadata, "observation_space", "observation", root.label());
  spec.action = fields_of(metadata, "action_space", "action", root.label());
  const std::string id = metadata.text("dataset_id");
  spec.environment = first_of({environment_id(metadata.text("env_spec")),
                               metadata.text("gato_environment")});
  spec.name =
      first_of({options.task, metadata.text("gato_task"), spec.environment, id,
                files.folder.filename().string(), "task"});
  spec.domain = first_of({options.domain, metadata.text("gato_domain"),
                          spec.name.substr(0, spec.name.find('/'))});
  result.source = first_of({options.source, metadata.text("gato_source"),
                            metadata.text("algorithm_name"), id});
  result.total_episodes = metadata.integer("total_episodes");
  result.total_steps = metadata.integer("total_steps");
  result.minari_version = metadata.text("minari_version");
  const std::string provenance = metadata.text("gato_provenance");
  if (!provenance.empty()) {
    result.provenance = json::parse(provenance, nullptr, false);
    if (result.provenance.is_discarded()) result.provenance = nullptr;
  }
  return result;
}

}  // namespace gato

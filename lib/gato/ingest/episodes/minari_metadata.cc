#include "gato/ingest/episodes/minari_metadata.h"

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/json_fields.h"

namespace gato::ingest {
namespace {

using nlohmann::json;

// Looks up keys in metadata.json and then in the attributes of the root, where
// 0.4 stored them.
class MetadataReader {
 public:
  MetadataReader(const MinariFiles& files, const data::hdf5::Group& root)
      : path_(files.metadata.string()), root_(root) {
    if (files.metadata.empty()) {
      return;
    }
    try {
      json_ = data::parse_lenient_json(base::read_file(files.metadata));
    } catch (const base::Error& error) {
      if (error.status() == base::ExitStatus::io) {
        throw;
      }
      throw base::input_error("{}: {}", files.metadata.string(), error.what());
    }
    if (!json_.is_object()) {
      throw base::input_error("{}: not a JSON object", files.metadata.string());
    }
  }

  // Returns the name of the file for messages.
  const std::string& label() const {
    return path_.empty() ? root_.label() : path_;
  }

  std::string string_value(const char* key) const {
    if (data::has_value(json_, key)) {
      return base::with_context(path_,
                                [&] { return data::string_at(json_, key); });
    }
    return root_.text_attribute(key).value_or("");
  }

  // Returns a text that only describes the dataset, and may therefore be
  // anything in the metadata of other programs.
  std::string description(const char* key) const {
    const bool has_other_type =
        data::has_value(json_, key) && !data::is_json_string(json_[key]);
    return has_other_type ? "" : string_value(key);
  }

  // Returns JSON that is stored as a text, as Minari does, or as it is.
  std::string json_value(const char* key) const {
    if (json_.contains(key) && json_[key].is_object()) {
      return json_[key].dump();
    }
    return string_value(key);
  }

  std::optional<int64_t> integer(const char* key) const {
    if (json_.contains(key) && json_[key].is_number_integer()) {
      return json_[key].get<int64_t>();
    }
    return root_.integer_attribute(key);
  }

 private:
  std::string path_;  // of metadata.json; empty if there is none
  json json_ = json::object();
  const data::hdf5::Group& root_;
};

// Returns the id in an EnvSpec; empty if there is none.
std::string parse_environment_id(const std::string& env_spec) {
  try {
    // Gymnasium writes specifications that contain Infinity.
    const json spec = data::parse_lenient_json(env_spec);
    const auto id = spec.find("id");
    return id != spec.end() && id->is_string() ? id->get<std::string>() : "";
  } catch (const base::Error&) {
    return "";
  }
}

std::vector<data::Field> parse_fields(const MetadataReader& metadata,
                                      const char* key,
                                      const std::string& bare_name) {
  const std::string text = metadata.json_value(key);
  if (text.empty()) {
    throw base::input_error(
        "{}: the metadata has no \"{}\", which cannot be derived without the "
        "environment: record the dataset again with a Minari that stores it",
        metadata.label(), key);
  }
  try {
    return data::flatten_space(data::space_from_json(text), bare_name);
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}: {}", metadata.label(), key, error.what());
  }
}

std::string first_non_empty(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty()) {
      return candidate;
    }
  }
  return "";
}

}  // namespace

MinariMetadata read_minari_metadata(const MinariFiles& files,
                                    const data::hdf5::Group& root,
                                    const EpisodeSourceOptions& options) {
  const MetadataReader metadata(files, root);
  const std::string format = metadata.string_value("data_format");
  if (!format.empty() && format != "hdf5") {
    throw base::input_error(
        "{}: the Minari storage format \"{}\" is not supported: "
        "share/gato/convert/minari_arrow.py converts it to hdf5",
        metadata.label(), format);
  }
  MinariMetadata result;
  data::TaskSpec& spec = result.spec;
  spec.observation_fields =
      parse_fields(metadata, "observation_space", "observation");
  spec.action_fields = parse_fields(metadata, "action_space", "action");
  const std::string id = metadata.string_value("dataset_id");
  spec.environment =
      first_non_empty({parse_environment_id(metadata.json_value("env_spec")),
                       metadata.string_value("gato_environment")});
  spec.name = first_non_empty(
      {options.task, metadata.string_value("gato_task"), spec.environment, id,
       files.dataset_directory.filename().string(), "task"});
  spec.domain =
      first_non_empty({options.domain, metadata.string_value("gato_domain"),
                       spec.name.substr(0, spec.name.find('/'))});
  result.agent =
      first_non_empty({options.source, metadata.string_value("gato_source"),
                       metadata.description("algorithm_name"), id});
  result.total_episodes = metadata.integer("total_episodes");
  result.total_steps = metadata.integer("total_steps");
  result.minari_version = metadata.description("minari_version");
  spec.settings = json::parse(metadata.string_value("gato_settings"), nullptr,
                              /*allow_exceptions=*/false);
  if (!spec.settings.is_object()) {
    spec.settings = nullptr;
  }
  const std::string provenance = metadata.string_value("gato_provenance");
  if (!provenance.empty()) {
    result.provenance = json::parse(provenance, nullptr, false);
    if (result.provenance.is_discarded()) {
      result.provenance = nullptr;
    }
  }
  return result;
}

}  // namespace gato::ingest

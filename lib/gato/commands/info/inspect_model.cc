// Inspects models, runs and reports. Only JSON files and the headers of
// safetensors files are parsed, so LibTorch is not needed; the weights are read
// only to verify the digests of the manifest.
#include <fstream>
#include <string>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/array.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/data/file_format.h"
#include "gato/data/lenient_json.h"
#include "gato/data/safetensors_header.h"
#include "gato/data/text_model_file.h"
#include "gato/data/token_file.h"
#include "gato/eval/few_shot_runs.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

ordered_json read_json_object(const fs::path& path) {
  ordered_json object;
  try {
    object = ordered_json::parse(base::read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw base::input_error("{}: corrupt: {}", path.string(),
                            data::describe_json_error(error));
  }
  if (!object.is_object()) {
    throw base::input_error("{}: not a JSON object", path.string());
  }
  return object;
}

void check_object_format(const fs::path& path, const ordered_json& object,
                         const data::FileFormat& format) {
  data::check_format(json::parse(object.dump()), format, path.string());
}

// Throws Error(bad_input) if `object` is one of the project's own formats, in a
// version that this program does not know.
void check_known_format(const fs::path& path, const ordered_json& object) {
  for (const data::FileFormat& format :
       {data::kModelFormat, data::kTrainingStateFormat, data::kManifestFormat,
        data::kScoresFormat, data::kComparisonFormat, data::kFewShotFormat}) {
    if (object.value("kind", ordered_json()) == format.kind) {
      check_object_format(path, object, format);
    }
  }
}

// Returns {"tensors", "parameters", "dtypes", "metadata"?}.
ordered_json tensor_facts(const fs::path& path) {
  std::ifstream file;
  const data::SafetensorsHeader header =
      data::read_safetensors_header(path, file);
  int64_t parameters = 0;
  ordered_json dtypes = ordered_json::object();
  for (const data::SafetensorsTensorInfo& entry : header.tensors) {
    parameters += data::element_count(entry.shape);
    const std::string dtype(entry.dtype);
    dtypes[dtype] = dtypes.value(dtype, 0) + 1;
  }
  ordered_json facts = {{"tensors", header.tensors.size()},
                        {"parameters", parameters},
                        {"dtypes", dtypes}};
  if (!header.metadata.empty()) {
    facts["metadata"] = header.metadata;
  }
  return facts;
}

// {"tensors","parameters","dtypes"} of the weights of a model.
ordered_json weight_facts(const fs::path& path) {
  ordered_json facts = tensor_facts(path);
  for (const auto& [dtype, count] : facts.at("dtypes").items()) {
    if (dtype != "F32" && dtype != "F16" && dtype != "BF16") {
      throw base::input_error(
          "{}: it has tensors of the dtype {}: weights are F32, F16 or BF16",
          path.string(), dtype);
    }
  }
  return facts;
}

// Throws Error(bad_input) if the text model is not that of config.json, or if
// the demonstrations are corrupt.
void check_companion_files(const fs::path& directory,
                           const ordered_json& config) {
  const fs::path tokenizer = directory / "tokenizer.model";
  if (fs::exists(tokenizer)) {
    data::read_text_model(
        tokenizer, config.at("vocabulary").at("digest").get<std::string>());
  }
  const fs::path demonstrations = directory / "demonstrations.h5";
  if (fs::exists(demonstrations)) {
    const data::TokenFileReader reader(demonstrations);
  }
}

Inspection read_model_facts(const fs::path& directory) {
  const fs::path config = directory / "config.json";
  ordered_json object = read_json_object(config);
  check_object_format(config, object, data::kModelFormat);
  data::verify_manifest(directory);
  Inspection result{FileKind::model, {}, nullptr};
  for (const auto& [key, value] : object.items()) {
    if (key == "provenance") {
      result.provenance = json::parse(value.dump());
    } else if (key == "tasks") {
      for (const auto& task : value) {
        result.facts["tasks"].push_back({{"name", task.value("name", "")},
                                         {"domain", task.value("domain", "")}});
      }
    } else if (key != "oldest_version") {
      result.facts[key] = value;
    }
  }
  check_companion_files(directory, object);
  result.facts["weights"] = weight_facts(directory / "model.safetensors");
  const fs::path state = directory / "state.json";
  if (fs::exists(state)) {
    const ordered_json values = read_json_object(state);
    check_object_format(state, values, data::kTrainingStateFormat);
    for (const char* key : {"step", "best"}) {
      if (values.contains(key)) {
        result.facts[key] = values[key];
      }
    }
    if (values.contains("provenance")) {
      result.provenance = json::parse(values["provenance"].dump());
    }
  }
  result.facts["has_manifest"] = data::has_manifest(directory);
  return result;
}

// Returns the last line of a file of JSON lines that is an object, or null if
// there is none: the last line of a run that was killed may be torn.
ordered_json last_json_line(const fs::path& path) {
  std::ifstream stream(path);
  ordered_json last;
  for (std::string line; std::getline(stream, line);) {
    auto value = ordered_json::parse(line, nullptr, false);
    if (value.is_object()) {
      last = std::move(value);
    }
  }
  return last;
}

// Returns the facts {"kind", "lines", "last"}.
Inspection inspect_json_lines(const fs::path& path) {
  std::ifstream stream(path);
  ordered_json last;
  int64_t lines = 0;
  for (std::string line; std::getline(stream, line);) {
    ++lines;
    last = ordered_json::parse(line, nullptr, false);
    if (last.is_discarded()) {
      throw base::input_error("{}: line {} is not JSON", path.string(), lines);
    }
  }
  return {FileKind::json,
          {{"kind", "json lines"}, {"lines", lines}, {"last", last}},
          nullptr};
}

// Returns eval::planned_steps(); a corrupt configuration is bad input.
int64_t configured_steps(const fs::path& run) {
  try {
    return eval::planned_steps(run);
  } catch (const base::Error& error) {
    throw base::input_error("{}", error.what());
  }
}

}  // namespace

Inspection inspect_model(const fs::path& directory) {
  try {
    return read_model_facts(directory);
  } catch (const json::exception& error) {
    throw base::input_error("{}: corrupt: {}",
                            (directory / "config.json").string(),
                            data::describe_json_error(error));
  }
}

Inspection inspect_run(const fs::path& directory) {
  Inspection result{FileKind::run, {{"kind", "gato-run"}}, nullptr};
  const fs::path link = directory / data::kLatestReference;
  std::error_code link_error;
  fs::path latest = fs::read_symlink(link, link_error);
  if (!link_error && !fs::exists(link)) {
    throw base::input_error(
        "{}: points to {}, which is missing; gato-train --resume recreates it",
        link.string(), latest.string());
  }
  if (link_error) {
    latest = data::resolve_checkpoint_reference(link);
  }
  // Reports the checkpoint that the reference names, as programs that take a
  // run do, or the newest one if there is no reference.
  ordered_json checkpoints = ordered_json::array(), reported;
  bool is_latest = false;
  for (const int64_t step : data::list_checkpoint_steps(directory)) {
    const std::string name = data::checkpoint_name(step);
    data::require_manifest(directory / name);
    const Inspection checkpoint = inspect_model(directory / name);
    checkpoints.push_back(name);
    if (!is_latest) {
      reported = checkpoint.facts;
      result.provenance = checkpoint.provenance;
      is_latest = name == latest.filename();
    }
  }
  if (data::is_checkpoint_copy(link)) {
    Inspection copy = inspect_model(link);
    if (checkpoints.empty()) {
      checkpoints.push_back(data::kLatestReference);
      reported = std::move(copy.facts);
      result.provenance = std::move(copy.provenance);
    }
  }
  if (checkpoints.empty()) {
    throw base::input_error(
        "{}: the run has no checkpoint yet: gato-train saves one every "
        "--save-every steps and when it stops",
        directory.string());
  }
  result.facts["checkpoints"] = checkpoints;
  if (const int64_t steps = configured_steps(directory); steps > 0) {
    const auto saved = data::list_checkpoint_steps(directory);
    result.facts["steps_done"] = saved.empty()
                                     ? reported.value("step", ordered_json(0))
                                     : ordered_json(saved.back());
    result.facts["steps"] = steps;
  }
  const ordered_json metrics = last_json_line(directory / "metrics.jsonl");
  if (!metrics.is_null()) {
    result.facts["last_metrics"] = metrics;
  }
  result.facts["latest"] = reported;
  return result;
}

Inspection inspect_safetensors(const fs::path& path) {
  Inspection result{FileKind::safetensors, {{"kind", "safetensors"}}, nullptr};
  result.facts.update(tensor_facts(path));
  return result;
}

Inspection inspect_json(const fs::path& path) {
  if (path.extension() == ".jsonl") {
    return inspect_json_lines(path);
  }
  ordered_json object = read_json_object(path);
  check_known_format(path, object);
  Inspection result{FileKind::json, {}, nullptr};
  result.facts["kind"] = object.value("kind", ordered_json("json"));
  if (object.contains("version")) {
    result.facts["version"] = object["version"];
  }
  if (object.contains("provenance")) {
    result.provenance = json::parse(object["provenance"].dump());
  }
  // Lists are only counted, because reports have long ones.
  for (const auto& [key, value] : object.items()) {
    if (result.facts.contains(key) || key == "oldest_version" ||
        key == "provenance") {
      continue;
    }
    if (value.is_array()) {
      result.facts[key] = fmt::format("{} entries", value.size());
    } else {
      result.facts[key] = value;
    }
  }
  return result;
}

}  // namespace gato::commands

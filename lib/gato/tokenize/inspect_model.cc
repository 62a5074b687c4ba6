// Models, runs and reports: read as JSON and headers, without LibTorch.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <utility>

#include "gato/base/output.h"
#include "gato/data/format.h"
#include "gato/data/manifest.h"
#include "gato/tokenize/inspect.h"

namespace gato {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

ordered_json read_object(const fs::path& path) {
  ordered_json object;
  try {
    object = ordered_json::parse(read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw input_error("{}: damaged: {}", path.string(), error.what());
  }
  if (!object.is_object()) {
    throw input_error("{}: not a JSON object", path.string());
  }
  return object;
}

void check_object(const fs::path& path, const ordered_json& object,
                  const FormatVersion& format) {
  check_format(json::parse(object.dump()), format, path.string());
}

// A JSON file of our own is of a version that this program knows.
void check_known_format(const fs::path& path, const ordered_json& object) {
  for (const FormatVersion& format :
       {model_format, training_format, manifest_format, scores_format}) {
    if (object.value("kind", ordered_json()) == format.kind) {
      check_object(path, object, format);
    }
  }
}

// The header of a safetensors file, whose data must end with the file.
ordered_json read_header(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw io_error("{}: cannot read: {}", path.string(), std::strerror(errno));
  }
  const uint64_t size = fs::file_size(path);
  uint64_t length = 0;
  stream.read(reinterpret_cast<char*>(&length), sizeof length);
  if (!stream || length > size - sizeof length || length > 100'000'000) {
    throw input_error("{}: not a safetensors file, or cut short",
                      path.string());
  }
  std::string text(length, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(length));
  ordered_json header;
  uint64_t end = 0;
  try {
    header = ordered_json::parse(text);
    for (const auto& [name, tensor] : header.items()) {
      if (name == "__metadata__") continue;
      end = std::max(end, tensor.at("data_offsets").at(1).get<uint64_t>());
    }
  } catch (const json::exception& error) {
    throw input_error("{}: the header is damaged: {}", path.string(),
                      error.what());
  }
  if (size - sizeof length - length != end) {
    throw input_error("{}: holds {} bytes of tensors, its header says {}",
                      path.string(), size - sizeof length - length, end);
  }
  return header;
}

// {"tensors","parameters","dtypes"}
ordered_json tensor_facts(const fs::path& path) {
  const ordered_json header = read_header(path);
  int64_t tensors = 0, parameters = 0;
  ordered_json dtypes = ordered_json::object();
  try {
    for (const auto& [name, tensor] : header.items()) {
      if (name == "__metadata__") continue;
      int64_t count = 1;
      for (const auto& extent : tensor.at("shape")) {
        count *= extent.get<int64_t>();
      }
      ++tensors;
      parameters += count;
      const auto dtype = tensor.at("dtype").get<std::string>();
      dtypes[dtype] = dtypes.value(dtype, 0) + 1;
    }
  } catch (const json::exception& error) {
    throw input_error("{}: the header is damaged: {}", path.string(),
                      error.what());
  }
  ordered_json facts = {
      {"tensors", tensors}, {"parameters", parameters}, {"dtypes", dtypes}};
  if (header.contains("__metadata__")) {
    facts["metadata"] = header["__metadata__"];
  }
  return facts;
}

Inspection read_model(const fs::path& directory) {
  const fs::path config = directory / "config.json";
  ordered_json object = read_object(config);
  check_object(config, object, model_format);
  verify_manifest(directory);
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
  result.facts["weights"] = tensor_facts(directory / "model.safetensors");
  const fs::path state = directory / "state.json";
  if (fs::exists(state)) {
    const ordered_json values = read_object(state);
    check_object(state, values, training_format);
    if (values.contains("step")) result.facts["step"] = values["step"];
    if (values.contains("provenance")) {
      result.provenance = json::parse(values["provenance"].dump());
    }
  }
  result.facts["has_manifest"] = fs::exists(directory / "MANIFEST.json");
  return result;
}

// Names of the checkpoints of a run, in the order of their steps.
std::vector<std::string> checkpoints_of(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.starts_with("step-")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);
  });
  return names;
}

// Error (bad_input) where it is not what a run resumes from.
void check_checkpoint(const fs::path& directory) {
  if (!fs::exists(directory / "MANIFEST.json")) {
    throw input_error("{}: it has no MANIFEST.json, so it is not whole",
                      directory.string());
  }
  inspect_model(directory);
}

// The last line of a log of JSON lines; null where there is none.
ordered_json last_line(const fs::path& path) {
  std::ifstream stream(path);
  std::string line, last;
  while (std::getline(stream, line)) {
    if (!line.empty()) last = line;
  }
  const auto value = ordered_json::parse(last, nullptr, false);
  return value.is_discarded() ? ordered_json() : value;
}

}  // namespace

Inspection inspect_model(const fs::path& directory) {
  try {
    return read_model(directory);
  } catch (const json::exception& error) {
    throw input_error("{}: damaged: {}", (directory / "config.json").string(),
                      error.what());
  }
}

Inspection inspect_run(const fs::path& directory) {
  Inspection result{FileKind::run, {}, nullptr};
  result.facts["kind"] = "gato-run";
  const std::vector<std::string> checkpoints = checkpoints_of(directory);
  for (const std::string& name : checkpoints) {
    check_checkpoint(directory / name);
  }
  result.facts["checkpoints"] = checkpoints;
  const ordered_json metrics = last_line(directory / "metrics.jsonl");
  if (!metrics.is_null()) result.facts["last_metrics"] = metrics;
  const fs::path link = directory / "latest";
  if (fs::is_symlink(link) && !fs::exists(link)) {
    throw input_error(
        "{}: points to {}, which is missing; gato-train --resume sets it anew",
        link.string(), fs::read_symlink(link).string());
  }
  if (fs::exists(link)) {
    Inspection latest = inspect_model(link);
    result.facts["latest"] = latest.facts;
    result.provenance = latest.provenance;
  }
  return result;
}

Inspection inspect_safetensors(const fs::path& path) {
  Inspection result{FileKind::safetensors, {{"kind", "safetensors"}}, nullptr};
  result.facts.update(tensor_facts(path));
  return result;
}

// {"kind","lines","last"}
Inspection inspect_json_lines(const fs::path& path) {
  std::ifstream stream(path);
  ordered_json last;
  int64_t lines = 0;
  for (std::string line; std::getline(stream, line);) {
    ++lines;
    last = ordered_json::parse(line, nullptr, false);
    if (last.is_discarded()) {
      throw input_error("{}: line {} is no JSON", path.string(), lines);
    }
  }
  return {FileKind::json,
          {{"kind", "json lines"}, {"lines", lines}, {"last", last}},
          nullptr};
}

Inspection inspect_json(const fs::path& path) {
  if (path.extension() == ".jsonl") return inspect_json_lines(path);
  ordered_json object = read_object(path);
  check_known_format(path, object);
  Inspection result{FileKind::json, {}, nullptr};
  result.facts["kind"] = object.value("kind", ordered_json("json"));
  if (object.contains("version")) result.facts["version"] = object["version"];
  if (object.contains("provenance")) {
    result.provenance = json::parse(object["provenance"].dump());
  }
  // Lists by their length: a report has a table of its own.
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

}  // namespace gato

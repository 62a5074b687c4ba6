#include "gato/data/file_metadata.h"

#include "gato/base/digest.h"
#include "gato/base/error.h"
#include "gato/data/lenient_json.h"

namespace gato::data {
namespace {

using nlohmann::json;

// Returns the value of an attribute that one of Group's readers returned.
template <class T>
T require_attribute(std::optional<T> value, const hdf5::Group& group,
                    const char* type, const char* name) {
  if (!value) {
    throw base::input_error("{}: there is no {} attribute \"{}\"",
                            group.label(), type, name);
  }
  return *std::move(value);
}

int64_t read_integer(const hdf5::Group& group, const char* name) {
  return require_attribute(group.integer_attribute(name), group, "integer",
                           name);
}

double read_number(const hdf5::Group& group, const char* name) {
  return require_attribute(group.number_attribute(name), group, "numeric",
                           name);
}

std::string read_text(const hdf5::Group& group, const char* name) {
  return require_attribute(group.text_attribute(name), group, "text", name);
}

// Parses the JSON in a scalar text dataset. Returns null if there is no such
// dataset.
template <class Json>
Json read_json(const hdf5::Group& parent, const char* name) {
  if (!parent.has(name)) {
    return nullptr;
  }
  const std::string text = parent.read_text(name);
  try {
    return Json::parse(text);
  } catch (const json::exception& error) {
    throw base::input_error("{}: \"{}\" is malformed: {}", parent.label(), name,
                            describe_json_error(error));
  }
}

}  // namespace

void write_vocabulary(hdf5::Group& parent, const Vocabulary& vocabulary) {
  hdf5::Group group = parent.create_group("vocabulary");
  const json json = vocabulary.to_json();
  group.set_attribute("text_size", vocabulary.text_size);
  group.set_attribute("bins", Vocabulary::kBinCount);
  group.set_attribute("mu", Vocabulary::kMu);
  group.set_attribute("m", Vocabulary::kM);
  group.set_attribute("discrete", json.at("discrete").get<std::string>());
  group.set_attribute("size", vocabulary.size());
  group.set_attribute("digest", vocabulary.digest);
  group.write("sentencepiece",
              std::vector<uint8_t>(vocabulary.sentencepiece_model.begin(),
                                   vocabulary.sentencepiece_model.end()));
}

Vocabulary read_vocabulary(const hdf5::Group& parent) {
  const hdf5::Group group = parent.group("vocabulary");
  const json layout = {{"text_size", read_integer(group, "text_size")},
                       {"bins", read_integer(group, "bins")},
                       {"mu", read_number(group, "mu")},
                       {"m", read_number(group, "m")},
                       {"discrete", read_text(group, "discrete")},
                       {"size", read_integer(group, "size")},
                       {"digest", read_text(group, "digest")}};
  Vocabulary vocabulary;
  try {
    vocabulary = Vocabulary::from_json(layout);
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", parent.label(), error.what());
  }
  const auto bytes = group.dataset("sentencepiece").read_all<uint8_t>();
  vocabulary.sentencepiece_model.assign(bytes.begin(), bytes.end());
  // The text model may have been omitted.
  if (bytes.empty()) {
    return vocabulary;
  }
  if (const std::string digest =
          base::digest_bytes(vocabulary.sentencepiece_model);
      digest != vocabulary.digest) {
    throw base::input_error(
        "{}: the digest of the SentencePiece model is {}, but \"{}\" according "
        "to the vocabulary: the file is corrupt",
        group.label(), digest, vocabulary.digest);
  }
  return vocabulary;
}

void write_metadata(hdf5::Group& root, const TaskTable& tasks,
                    const nlohmann::ordered_json& report,
                    const Provenance& provenance) {
  root.write_text("tasks", tasks.to_json().dump());
  if (!report.is_null()) {
    root.write_text("report", report.dump());
  }
  if (provenance.enabled) {
    root.write_text("provenance", provenance.to_json().dump());
  }
}

TaskTable read_tasks(const hdf5::Group& parent) {
  const json table = read_json<json>(parent, "tasks");
  try {
    return TaskTable::from_json(table);
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", parent.label(), error.what());
  }
}

nlohmann::ordered_json read_report(const hdf5::Group& parent) {
  return read_json<nlohmann::ordered_json>(parent, "report");
}

json read_provenance(const hdf5::Group& parent) {
  return read_json<json>(parent, "provenance");
}

}  // namespace gato::data

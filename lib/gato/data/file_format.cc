#include "gato/data/file_format.h"

#include <algorithm>

#include "gato/base/digest.h"
#include "gato/base/error.h"

namespace gato::data {
namespace {

using nlohmann::json;

int64_t require_integer_attribute(const hdf5::Group& group,
                                  const std::string& name) {
  const auto value = group.integer_attribute(name);
  if (!value) {
    throw base::input_error("{}: there is no integer attribute \"{}\"",
                            group.label(), name);
  }
  return *value;
}

std::string require_text_attribute(const hdf5::Group& group,
                                   const std::string& name) {
  auto text = group.text_attribute(name);
  if (!text) {
    throw base::input_error("{}: there is no text attribute \"{}\"",
                            group.label(), name);
  }
  return *std::move(text);
}

void check_version(int64_t version, const FileFormat& format,
                   const std::string& label) {
  if (version > format.version) {
    throw NewerVersionError(
        base::ExitStatus::bad_input,
        fmt::format("{}: version {} of {} is newer than this program reads "
                    "({}): install a newer gato, or write the file again with "
                    "this version's {}",
                    label, version, format.kind, format.version,
                    format.writer_program));
  }
  if (version < format.oldest_version) {
    throw base::input_error(
        "{}: version {} of {} is older than this program reads ({}): run {} "
        "again",
        label, version, format.kind, format.oldest_version,
        format.writer_program);
  }
}

double require_number_attribute(const hdf5::Group& group,
                                const std::string& name) {
  const auto value = group.number_attribute(name);
  if (!value) {
    throw base::input_error("{}: there is no number \"{}\"", group.label(),
                            name);
  }
  return *value;
}

template <class Json>
Json parse_json_dataset(const hdf5::Group& parent, const std::string& name) {
  if (!parent.has(name)) return nullptr;
  const std::string text = parent.read_text(name);
  try {
    return Json::parse(text);
  } catch (const json::exception& error) {
    throw base::input_error("{}: \"{}\" is malformed: {}", parent.label(), name,
                            error.what());
  }
}

}  // namespace

json format_to_json(const FileFormat& format) {
  return {{"kind", format.kind},
          {"version", format.version},
          {"oldest_version", format.oldest_version}};
}

void check_format(const json& object, const FileFormat& format,
                  const std::string& label) {
  if (!object.is_object()) {
    throw base::input_error("{}: it is not a JSON object", label);
  }
  const json kind = object.value("kind", json());
  if (kind != format.kind) {
    throw base::input_error("{}: kind is {}, not \"{}\" (which {} writes)",
                            label, kind.dump(), format.kind,
                            format.writer_program);
  }
  const json version = object.value("version", json());
  if (!version.is_number_integer()) {
    throw base::input_error("{}: version is {}, not an integer", label,
                            version.dump());
  }
  check_version(version.get<int64_t>(), format, label);
}

void write_format(hdf5::Group& root, const FileFormat& format) {
  root.set_attribute("kind", format.kind);
  root.set_attribute("version", format.version);
  root.set_attribute("oldest_version", format.oldest_version);
}

void mark_complete(hdf5::Group& root) {
  root.set_attribute("complete", uint8_t{1});
}

EpisodeFileFormat detect_episode_format(const hdf5::Group& root) {
  if (root.is_group("episode_0") || root.has_attribute("minari_version") ||
      root.has_attribute("total_episodes")) {
    return EpisodeFileFormat::minari;
  }
  const auto is_dataset = [&root](const char* name) {
    return root.has(name) && !root.is_group(name);
  };
  if (is_dataset("observations") && is_dataset("actions")) {
    return EpisodeFileFormat::d4rl;
  }
  if (!root.is_group("data")) return EpisodeFileFormat::unknown;
  const hdf5::Group data = root.group("data");
  const std::vector<std::string> names = data.child_names();
  if (data.has_attribute("env_args") ||
      std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("demo_");
      })) {
    return EpisodeFileFormat::robomimic;
  }
  return EpisodeFileFormat::unknown;
}

std::string describe_file_kind(const hdf5::Group& root) {
  if (const auto kind = root.text_attribute("kind")) {
    if (*kind == kTokenFileFormat.kind) return "a token file (gato-tokens)";
    if (*kind == kSequenceFileFormat.kind) {
      return "a sequence file (gato-sequences)";
    }
    return fmt::format("a file of kind \"{}\"", *kind);
  }
  switch (detect_episode_format(root)) {
    case EpisodeFileFormat::minari:
      return "a Minari dataset";
    case EpisodeFileFormat::d4rl:
      return "a D4RL file";
    case EpisodeFileFormat::robomimic:
      return "a robomimic file";
    case EpisodeFileFormat::unknown:
      break;
  }
  return "an HDF5 file of no known kind";
}

void check_format(const hdf5::Group& root, const FileFormat& format) {
  if (root.text_attribute("kind") != format.kind) {
    throw base::input_error("{}: this is {}, not of kind {} (which {} writes)",
                            root.label(), describe_file_kind(root), format.kind,
                            format.writer_program);
  }
  check_version(require_integer_attribute(root, "version"), format,
                root.label());
  if (root.integer_attribute("complete") != 1) {
    throw base::input_error("{}: the file was not finished: run {} again",
                            root.label(), format.writer_program);
  }
}

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
  Vocabulary vocabulary;
  try {
    vocabulary = Vocabulary::from_json(
        {{"text_size", require_integer_attribute(group, "text_size")},
         {"bins", require_integer_attribute(group, "bins")},
         {"mu", require_number_attribute(group, "mu")},
         {"m", require_number_attribute(group, "m")},
         {"discrete", require_text_attribute(group, "discrete")},
         {"size", require_integer_attribute(group, "size")},
         {"digest", require_text_attribute(group, "digest")}});
  } catch (const base::Error& error) {
    throw base::input_error("{}: {}", parent.label(), error.what());
  }
  const auto bytes = group.dataset("sentencepiece").read_all<uint8_t>();
  vocabulary.sentencepiece_model.assign(bytes.begin(), bytes.end());
  if (bytes.empty()) return vocabulary;
  if (const std::string digest =
          base::digest_bytes(vocabulary.sentencepiece_model);
      digest != vocabulary.digest) {
    throw base::input_error(
        "{}: the text model's bytes have the digest {}, the vocabulary says "
        "\"{}\": the file is damaged",
        group.label(), digest, vocabulary.digest);
  }
  return vocabulary;
}

json read_json_dataset(const hdf5::Group& parent, const std::string& name) {
  return parse_json_dataset<json>(parent, name);
}

nlohmann::ordered_json read_ordered_json_dataset(const hdf5::Group& parent,
                                                 const std::string& name) {
  return parse_json_dataset<nlohmann::ordered_json>(parent, name);
}

}  // namespace gato::data

#include "gato/data/format.h"

#include <algorithm>

#include "gato/base/digest.h"
#include "gato/base/error.h"

namespace gato {
namespace {

using nlohmann::json;

int64_t required_integer(const hdf5::Group& group, const std::string& name) {
  const auto value = group.integer_attribute(name);
  if (!value) {
    throw input_error("{}: there is no integer attribute \"{}\"", group.label(),
                      name);
  }
  return *value;
}

std::string required_text(const hdf5::Group& group, const std::string& name) {
  auto text = group.text_attribute(name);
  if (!text) {
    throw input_error("{}: there is no text attribute \"{}\"", group.label(),
                      name);
  }
  return *std::move(text);
}

void check_version(int64_t version, const FormatVersion& format,
                   const std::string& label) {
  if (version > format.version) {
    throw NewerVersion(
        ExitStatus::bad_input,
        fmt::format("{}: version {} of {} is newer than this program reads "
                    "({}): install a newer gato, or write the file again with "
                    "this version's {}",
                    label, version, format.kind, format.version,
                    format.writer));
  }
  if (version < format.oldest_version) {
    throw input_error(
        "{}: version {} of {} is older than this program reads ({}): run {} "
        "again",
        label, version, format.kind, format.oldest_version, format.writer);
  }
}

double required_number(const hdf5::Group& group, const std::string& name) {
  const auto value = group.number_attribute(name);
  if (!value) {
    throw input_error("{}: there is no number \"{}\"", group.label(), name);
  }
  return *value;
}

template <class Json>
Json read_as(const hdf5::Group& parent, const std::string& name) {
  if (!parent.has(name)) return nullptr;
  const std::string text = parent.read_text(name);
  try {
    return Json::parse(text);
  } catch (const json::exception& error) {
    throw input_error("{}: \"{}\" is malformed: {}", parent.label(), name,
                      error.what());
  }
}

}  // namespace

json format_fields(const FormatVersion& format) {
  return {{"kind", format.kind},
          {"version", format.version},
          {"oldest_version", format.oldest_version}};
}

void check_format(const json& object, const FormatVersion& format,
                  const std::string& label) {
  if (!object.is_object()) {
    throw input_error("{}: it is not a JSON object", label);
  }
  const json kind = object.value("kind", json());
  if (kind != format.kind) {
    throw input_error("{}: kind is {}, not \"{}\" (which {} writes)", label,
                      kind.dump(), format.kind, format.writer);
  }
  const json version = object.value("version", json());
  if (!version.is_number_integer()) {
    throw input_error("{}: version is {}, not an integer", label,
                      version.dump());
  }
  check_version(version.get<int64_t>(), format, label);
}

void write_format(hdf5::Group& root, const FormatVersion& format) {
  root.set_attribute("kind", format.kind);
  root.set_attribute("version", format.version);
  root.set_attribute("oldest_version", format.oldest_version);
}

void mark_complete(hdf5::Group& root) {
  root.set_attribute("complete", uint8_t{1});
}

EpisodeFormat episode_format_of(const hdf5::Group& root) {
  if (root.is_group("episode_0") || root.has_attribute("minari_version") ||
      root.has_attribute("total_episodes")) {
    return EpisodeFormat::minari;
  }
  const auto is_dataset = [&root](const char* name) {
    return root.has(name) && !root.is_group(name);
  };
  if (is_dataset("observations") && is_dataset("actions")) {
    return EpisodeFormat::d4rl;
  }
  if (!root.is_group("data")) return EpisodeFormat::none;
  const hdf5::Group data = root.group("data");
  const std::vector<std::string> names = data.names();
  if (data.has_attribute("env_args") ||
      std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("demo_");
      })) {
    return EpisodeFormat::robomimic;
  }
  return EpisodeFormat::none;
}

std::string describe_kind(const hdf5::Group& root) {
  if (const auto kind = root.text_attribute("kind")) {
    if (*kind == token_format.kind) return "a token file (gato-tokens)";
    if (*kind == sequence_format.kind) {
      return "a sequence file (gato-sequences)";
    }
    return fmt::format("a file of kind \"{}\"", *kind);
  }
  switch (episode_format_of(root)) {
    case EpisodeFormat::minari:
      return "a Minari dataset";
    case EpisodeFormat::d4rl:
      return "a D4RL file";
    case EpisodeFormat::robomimic:
      return "a robomimic file";
    case EpisodeFormat::none:
      break;
  }
  return "an HDF5 file of no known kind";
}

void check_format(const hdf5::Group& root, const FormatVersion& format) {
  if (root.text_attribute("kind") != format.kind) {
    throw input_error("{}: this is {}, not of kind {} (which {} writes)",
                      root.label(), describe_kind(root), format.kind,
                      format.writer);
  }
  check_version(required_integer(root, "version"), format, root.label());
  if (root.integer_attribute("complete") != 1) {
    throw input_error("{}: the file was not finished: run {} again",
                      root.label(), format.writer);
  }
}

void write_vocabulary(hdf5::Group& parent, const Vocabulary& vocabulary) {
  hdf5::Group group = parent.create_group("vocabulary");
  const json json = vocabulary.to_json();
  group.set_attribute("text_size", vocabulary.text_size);
  group.set_attribute("bins", Vocabulary::bins);
  group.set_attribute("mu", Vocabulary::mu);
  group.set_attribute("m", Vocabulary::m);
  group.set_attribute("discrete", json.at("discrete").get<std::string>());
  group.set_attribute("size", vocabulary.size());
  group.set_attribute("digest", vocabulary.digest);
  group.write("sentencepiece",
              std::vector<uint8_t>(vocabulary.sentencepiece.begin(),
                                   vocabulary.sentencepiece.end()));
}

Vocabulary read_vocabulary(const hdf5::Group& parent) {
  const hdf5::Group group = parent.group("vocabulary");
  Vocabulary vocabulary;
  try {
    vocabulary = Vocabulary::from_json(
        {{"text_size", required_integer(group, "text_size")},
         {"bins", required_integer(group, "bins")},
         {"mu", required_number(group, "mu")},
         {"m", required_number(group, "m")},
         {"discrete", required_text(group, "discrete")},
         {"size", required_integer(group, "size")},
         {"digest", required_text(group, "digest")}});
  } catch (const Error& error) {
    throw input_error("{}: {}", parent.label(), error.what());
  }
  const auto bytes = group.dataset("sentencepiece").read_all<uint8_t>();
  vocabulary.sentencepiece.assign(bytes.begin(), bytes.end());
  if (bytes.empty()) return vocabulary;
  if (const std::string digest = digest_bytes(vocabulary.sentencepiece);
      digest != vocabulary.digest) {
    throw input_error(
        "{}: the text model's bytes have the digest {}, the vocabulary says "
        "\"{}\": the file is damaged",
        group.label(), digest, vocabulary.digest);
  }
  return vocabulary;
}

json read_json(const hdf5::Group& parent, const std::string& name) {
  return read_as<json>(parent, name);
}

nlohmann::ordered_json read_ordered_json(const hdf5::Group& parent,
                                         const std::string& name) {
  return read_as<nlohmann::ordered_json>(parent, name);
}

}  // namespace gato

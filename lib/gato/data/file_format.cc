#include "gato/data/file_format.h"

#include "gato/data/lenient_json.h"

namespace gato::data {
namespace {

using nlohmann::json;

void check_version(int64_t version, const FileFormat& format,
                   const std::string& label) {
  if (version > format.version) {
    throw NewerVersionError(
        base::ExitStatus::bad_input,
        fmt::format("{}: version {} of {} is newer than this program supports "
                    "({}): install a newer gato, or write the file again with "
                    "this version's {}",
                    label, version, format.kind, format.version,
                    format.writer_program));
  }
  if (version < format.oldest_version) {
    throw base::input_error(
        "{}: version {} of {} is older than this program supports ({}): run {} "
        "again",
        label, version, format.kind, format.oldest_version,
        format.writer_program);
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
    throw base::input_error("{}: not a JSON object", label);
  }
  const json kind = object.value("kind", json());
  if (kind != format.kind) {
    throw base::input_error("{}: the kind is {}, not \"{}\" (written by {})",
                            label, summarize_json(kind), format.kind,
                            format.writer_program);
  }
  const json version = object.value("version", json());
  if (!version.is_number_integer()) {
    throw base::input_error("{}: the version is {}, not an integer", label,
                            summarize_json(version));
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

std::string describe_file_kind(const hdf5::Group& root) {
  const auto kind = root.text_attribute("kind");
  if (!kind) {
    return "an HDF5 file of unknown kind";
  }
  if (*kind == kTokenFileFormat.kind) {
    return "a token file (gato-tokens)";
  }
  if (*kind == kSequenceFileFormat.kind) {
    return "a sequence file (gato-sequences)";
  }
  return fmt::format("a file of kind \"{}\"", *kind);
}

void check_format(const hdf5::Group& root, const FileFormat& format) {
  if (root.text_attribute("kind") != format.kind) {
    throw base::input_error(
        "{}: this is {}, not a file of kind \"{}\" (written by {})",
        root.label(), describe_file_kind(root), format.kind,
        format.writer_program);
  }
  const auto version = root.integer_attribute("version");
  if (!version) {
    throw base::input_error("{}: there is no integer attribute \"version\"",
                            root.label());
  }
  check_version(*version, format, root.label());
  if (root.integer_attribute("complete") != 1) {
    throw base::input_error("{}: the file was not finished: run {} again",
                            root.label(), format.writer_program);
  }
}

}  // namespace gato::data

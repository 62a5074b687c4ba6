// The identification that every file written by this project carries: `kind`,
// `version` and `oldest_version`, as JSON keys or as HDF5 root attributes. HDF5
// files also have the root attribute `complete` = uint8 1, which is written
// last.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5.h"

namespace gato::data {

struct FileFormat {
  const char* kind;
  int32_t version;         // written by this program, and the newest it reads
  int32_t oldest_version;  // the oldest version that this program reads
  // The program to run again if a file is unfinished or too old.
  const char* writer_program;
};

// DO NOT CHANGE THE KINDS: existing files contain them.
inline constexpr FileFormat kTokenFileFormat{"gato-tokens", 1, 1,
                                             "gato-tokenize"};
inline constexpr FileFormat kSequenceFileFormat{"gato-sequences", 1, 1,
                                                "gato-pack"};
inline constexpr FileFormat kModelFormat{"gato-model", 1, 1, "gato-train"};
inline constexpr FileFormat kTrainingStateFormat{"gato-training", 1, 1,
                                                 "gato-train"};
inline constexpr FileFormat kManifestFormat{"gato-manifest", 1, 1,
                                            "gato-train"};
inline constexpr FileFormat kScoresFormat{"gato-scores", 1, 1,
                                          "gato-eval score"};
inline constexpr FileFormat kComparisonFormat{"gato-comparison", 1, 1,
                                              "gato-eval compare"};
inline constexpr FileFormat kFewShotFormat{"gato-few-shot", 1, 1,
                                           "gato-eval few-shot"};

// Thrown by check_format() for a file that a newer program wrote. Such a file
// is not corrupt, so callers must not fall back to an older file.
class NewerVersionError : public base::Error {
 public:
  using base::Error::Error;
};

// Returns {"kind", "version", "oldest_version"}.
nlohmann::json format_to_json(const FileFormat& format);

// Throws Error(bad_input), with a message that begins with `label`, if the JSON
// value is not an object, is of a different kind, or has no version or one that
// is too old for this program. Throws NewerVersionError if the version is too
// new.
void check_format(const nlohmann::json& object, const FileFormat& format,
                  const std::string& label);

// Writes the attributes kind, version and oldest_version.
void write_format(hdf5::Group& root, const FileFormat& format);
// Writes `complete` = 1. Must be the last write to the file.
void mark_complete(hdf5::Group& root);

// Throws Error(bad_input) if the file is of a different kind (the message says
// which), unfinished or too old for this program. Throws NewerVersionError if
// its version is too new.
void check_format(const hdf5::Group& root, const FileFormat& format);

// Describes a file for messages: "a token file (gato-tokens)", "a sequence file
// (gato-sequences)", "a file of kind "..."", or "an HDF5 file of unknown kind"
// if it has no kind.
std::string describe_file_kind(const hdf5::Group& root);

}  // namespace gato::data

// What every file of ours says about itself: `kind`, `version`,
// `oldest_version`, as fields of JSON or root attributes of HDF5; and in HDF5
// `complete` = uint8 1, written last.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/base/error.h"
#include "gato/data/hdf5.h"
#include "gato/data/vocabulary.h"

namespace gato::data {

struct FileFormat {
  const char* kind;
  int32_t version;         // what this program writes, and the newest it reads
  int32_t oldest_version;  // the oldest that it reads
  const char*
      writer_program;  // the program to run again where a file is unfinished
};

// DO NOT CHANGE THE KINDS: files in the world carry them.
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

// What check_format throws of a file that a newer program wrote: no damage, so
// nothing may fall back to an older file.
class NewerVersionError : public base::Error {
 public:
  using base::Error::Error;
};

// {"kind","version","oldest_version"}
nlohmann::json format_to_json(const FileFormat& format);

// Error (bad_input), beginning with `label`, where the JSON is no object, of
// another kind, newer than this program reads, or too old for it.
void check_format(const nlohmann::json& object, const FileFormat& format,
                  const std::string& label);

void write_format(hdf5::Group& root, const FileFormat& format);
void mark_complete(hdf5::Group& root);

// Error (bad_input) where the file is of another kind (and says of which),
// unfinished, newer than this program reads, or too old for it.
void check_format(const hdf5::Group& root, const FileFormat& format);

// How a file holds episodes, told from its content.
enum class EpisodeFileFormat { unknown, minari, d4rl, robomimic };
EpisodeFileFormat detect_episode_format(const hdf5::Group& root);

// What a file is, for messages: "a token file (gato-tokens)", "a Minari
// dataset", "an HDF5 file of no known kind".
std::string describe_file_kind(const hdf5::Group& root);

// The group /vocabulary: attributes as in Vocabulary::to_json, and the text
// model's bytes as dataset `sentencepiece`.
void write_vocabulary(hdf5::Group& parent, const Vocabulary& vocabulary);
// Error (bad_input) where the bytes, if there are any, are not those of the
// digest.
Vocabulary read_vocabulary(const hdf5::Group& parent);

// A scalar text dataset that holds JSON; null where there is none.
nlohmann::json read_json_dataset(const hdf5::Group& parent,
                                 const std::string& name);
// The same with the keys in the order in which they were written.
nlohmann::ordered_json read_ordered_json_dataset(const hdf5::Group& parent,
                                                 const std::string& name);

}  // namespace gato::data

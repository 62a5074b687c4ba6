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

namespace gato {

struct FormatVersion {
  const char* kind;
  int32_t version;         // what this program writes, and the newest it reads
  int32_t oldest_version;  // the oldest that it reads
  const char* writer;  // the program to run again where a file is unfinished
};

// DO NOT CHANGE THE KINDS: files in the world carry them.
inline constexpr FormatVersion token_format{"gato-tokens", 1, 1,
                                            "gato-tokenize"};
inline constexpr FormatVersion sequence_format{"gato-sequences", 1, 1,
                                               "gato-pack"};
inline constexpr FormatVersion model_format{"gato-model", 1, 1, "gato-train"};
inline constexpr FormatVersion training_format{"gato-training", 1, 1,
                                               "gato-train"};
inline constexpr FormatVersion manifest_format{"gato-manifest", 1, 1,
                                               "gato-train"};
inline constexpr FormatVersion scores_format{"gato-scores", 1, 1,
                                             "gato-eval score"};

// What check_format throws of a file that a newer program wrote: no damage, so
// nothing may fall back to an older file.
class NewerVersion : public Error {
 public:
  using Error::Error;
};

// {"kind","version","oldest_version"}
nlohmann::json format_fields(const FormatVersion& format);

// Error (bad_input), beginning with `label`, where the JSON is no object, of
// another kind, newer than this program reads, or too old for it.
void check_format(const nlohmann::json& object, const FormatVersion& format,
                  const std::string& label);

void write_format(hdf5::Group& root, const FormatVersion& format);
void mark_complete(hdf5::Group& root);

// Error (bad_input) where the file is of another kind (and says of which),
// unfinished, newer than this program reads, or too old for it.
void check_format(const hdf5::Group& root, const FormatVersion& format);

// How a file holds episodes, told from its content.
enum class EpisodeFormat { none, minari, d4rl, robomimic };
EpisodeFormat episode_format_of(const hdf5::Group& root);

// What a file is, for messages: "a token file (gato-tokens)", "a Minari
// dataset", "an HDF5 file of no known kind".
std::string describe_kind(const hdf5::Group& root);

// The group /vocabulary: attributes as in Vocabulary::to_json, and the text
// model's bytes as dataset `sentencepiece`.
void write_vocabulary(hdf5::Group& parent, const Vocabulary& vocabulary);
// Error (bad_input) where the bytes, if there are any, are not those of the
// digest.
Vocabulary read_vocabulary(const hdf5::Group& parent);

// A scalar text dataset that holds JSON; null where there is none.
nlohmann::json read_json(const hdf5::Group& parent, const std::string& name);
// The same with the keys in the order in which they were written.
nlohmann::ordered_json read_ordered_json(const hdf5::Group& parent,
                                         const std::string& name);

}  // namespace gato

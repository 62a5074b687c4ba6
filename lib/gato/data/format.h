// What every HDF5 file of ours says about itself: root attributes `kind`,
// `version`, `oldest_version`, and `complete` = uint8 1, written last.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gato/data/hdf5.h"
#include "gato/data/vocabulary.h"

namespace gato {

struct FormatVersion {
  const char* kind;
  int32_t version;         // what this program writes, and the newest it reads
  int32_t oldest_version;  // the oldest that it reads
  const char* writer;  // the program to run again where a file is unfinished
};

inline constexpr FormatVersion token_format{"gato-tokens", 1, 1,
                                            "gato-tokenize"};
inline constexpr FormatVersion sequence_format{"gato-sequences", 1, 1,
                                               "gato-pack"};

void write_format(hdf5::Group& root, const FormatVersion& format);
void mark_complete(hdf5::Group& root);

// Error (bad_input) where the file is of another kind (and says of which),
// unfinished, newer than this program reads, or too old for it.
void check_format(const hdf5::Group& root, const FormatVersion& format);

// What a file is, for messages: "a token file (gato-tokens)", "a Minari
// dataset", "an HDF5 file of no known kind".
std::string describe_kind(const hdf5::Group& root);

// The group /vocabulary: attributes as in Vocabulary::to_json, and the text
// model's bytes as dataset `sentencepiece`.
void write_vocabulary(hdf5::Group& parent, const Vocabulary& vocabulary);
Vocabulary read_vocabulary(const hdf5::Group& parent);

// A scalar text dataset that holds JSON; null where there is none.
nlohmann::json read_json(const hdf5::Group& parent, const std::string& name);

}  // namespace gato

// The sources of a packing run and their weights, from operands and mixture
// files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gato/tokenize/image_patches.h"

namespace gato::pack {

// The continuation of a row after a document that ends before it.
enum class Fill { same_task, pad };
// Parses "same-task" or "pad"; throws Error(usage) for anything else.
Fill parse_fill(std::string_view name);

// A source of sequences: token files that share a weight.
struct MixtureEntry {
  std::string name;  // as the user wrote it, without the weight
  std::vector<std::filesystem::path> files;
  double weight = 1;  // share of the sequences, relative to the other entries
  double prompt_fraction = 0.25;
  Fill fill = Fill::same_task;
  // 0: as many as there is room for, according to `fill`. Other values are for
  // sources without episodes.
  int64_t documents_per_sequence = 0;
  // The size that the images must have been resized to when they were
  // tokenized; 0: any.
  tokenize::Resize resize;
};

// Parses "FILE" or "FILE:WEIGHT". FILE may be a glob. The text after the last
// colon is a weight unless there is a file of the complete name. All
// other members are those of `defaults`. Throws Error(usage) if the weight is
// not a positive number, and Error(io) if there is no such file.
MixtureEntry parse_mixture_operand(const std::string& operand,
                                   const MixtureEntry& defaults);

// Parses the text of a TOML file of [[mixture]] tables. `path` names it in
// messages.
//
//   [[mixture]]
//   file = "grid-*.h5"       # path or glob, relative to the working directory
//   weight = 2.5             # default 1
//   prompt-fraction = 0.25   # both default to `defaults`
//   fill = "same-task"
//
//   [[mixture]]
//   file = "coco.h5"
//   documents-per-sequence = 5  # instead of fill
//   resize = "224x224"          # as given to gato-tokenize --resize
//
// '-' and '_' are equivalent in keys. Throws Error(usage) for invalid TOML, an
// unknown key, or a value of another type or out of range, and Error(io) for a
// missing file.
std::vector<MixtureEntry> parse_mixture(const std::string& text,
                                        const std::filesystem::path& path,
                                        const MixtureEntry& defaults);

}  // namespace gato::pack

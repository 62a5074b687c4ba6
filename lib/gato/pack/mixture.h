// What is packed in which proportion: operands and mixture files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gato/tokenize/image_patches.h"

namespace gato::pack {

// What follows a document that ends before the row does.
enum class Fill { same_task, pad };
Fill parse_fill(std::string_view name);  // "same-task", "pad"; else Error usage

// One source of sequences: token files that share a weight.
struct MixtureEntry {
  std::string name;  // as the user wrote it, without the weight
  std::vector<std::filesystem::path> files;
  double weight = 1;  // share of the sequences, relative to the other entries
  double prompt_fraction = 0.25;
  Fill fill = Fill::same_task;
  // Documents a sequence; 0: as many as it has room for, as `fill` says. For
  // sources without episodes.
  int64_t documents_per_sequence = 0;
  // The size that its images must have been brought to when they were
  // tokenized; 0: any.
  tokenize::Resize resize;
};

// "FILE" or "FILE:WEIGHT", where FILE may be a glob; the text behind the last
// colon is a weight unless a file of the whole name exists. `defaults` gives
// all else. Errors: usage (a weight that is not above 0), io (no such file).
MixtureEntry parse_mixture_operand(const std::string& operand,
                                   const MixtureEntry& defaults);

// A TOML file of [[mixture]] tables:
//
//   [[mixture]]
//   file = "grid-*.h5"       # path or glob, relative to the working directory
//   weight = 2.5             # default 1
//   prompt-fraction = 0.25   # both default to `defaults`
//   fill = "same-task"
//
//   [[mixture]]
//   file = "coco.h5"
//   documents-per-sequence = 5  # in place of fill
//   resize = "224x224"          # as gato-tokenize --resize was told
//
// '-' and '_' are the same in a key. Errors: usage (no TOML, an unknown key, a
// value of another type or out of range), io (a missing file).
std::vector<MixtureEntry> parse_mixture(const std::string& text,
                                        const std::filesystem::path& path,
                                        const MixtureEntry& defaults);

}  // namespace gato::pack

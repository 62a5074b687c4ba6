// gato-pack packs token files into training sequences.
#include "gato/cli/tool.h"
#include "gato/commands/pack.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-pack",
      .summary = "pack token files into training sequences",
      .commands = {gato::commands::pack_command()},
      .see_also = {"gato-tokenize", "gato-train", "gato-info", "gato(7)",
                   "gato-formats(5)"}};
  return gato::cli::run(tool, argc, argv);
}

// gato-info describes files, checks that they are complete and shows what they
// contain.
#include "gato/cli/tool.h"
#include "gato/commands/info/info.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-info",
      .summary =
          "identify files, check that they are complete and sound, and show "
          "their contents",
      .commands = {gato::commands::info_command()},
      .see_also = {"gato-tokenize", "gato-pack", "gato-train", "gato(7)",
                   "gato-formats(5)"}};
  return gato::cli::run(tool, argc, argv);
}

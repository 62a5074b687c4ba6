// gato-info describes files, checks that they are complete and shows what they
// contain.
#include "gato/cli/tool.h"
#include "gato/commands/info.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-info",
      .summary = "say what files are, whether they are whole, what they hold",
      .commands = {gato::commands::info_command()},
      .see_also = {"gato-tokenize", "gato-pack", "gato-train"}};
  return gato::cli::run(tool, argc, argv);
}

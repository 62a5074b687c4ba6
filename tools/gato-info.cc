#include "gato/tokenize/info_command.h"

int main(int argc, char** argv) {
  const gato::cli::Tool tool{
      .name = "gato-info",
      .summary = "say what files are, whether they are whole, what they hold",
      .description = "",
      .commands = {gato::info_command()},
      .see_also = {"gato-tokenize", "gato-pack", "gato-train"}};
  return gato::cli::run(tool, argc, argv);
}

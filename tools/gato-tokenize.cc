// gato-tokenize converts raw data to token files.
#include "gato/cli/tool.h"
#include "gato/commands/tokenize/tokenize.h"

int main(int argc, char** argv) {
  return gato::cli::run(gato::commands::tokenize_tool(), argc, argv);
}

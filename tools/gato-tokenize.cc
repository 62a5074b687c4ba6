// Raw data to tokens.
#include "gato/tokenize/commands.h"

int main(int argc, char** argv) {
  return gato::cli::run(gato::tokenize_tool(), argc, argv);
}

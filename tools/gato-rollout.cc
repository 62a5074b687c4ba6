// gato-rollout: a network, or a scripted policy, at work.
#include "gato/env/environment.h"
#include "gato/rollout/caption.h"
#include "gato/rollout/control.h"

int main(int argc, char** argv) {
  return gato::cli::run(
      {"gato-rollout",
       "play environments and write captions",
       "Puts a trained network, or a scripted policy, to work.",
       {gato::control_command(), gato::caption_command()},
       {"gato-train", "gato-eval", "gato-tokenize"},
       {{"env", gato::environment_names}}},
      argc, argv);
}

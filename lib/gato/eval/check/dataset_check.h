// Checks a dataset of episodes as training data.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/base/progress.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/check/text_coverage.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::eval {

struct DatasetCheckOptions {
  int64_t threads = 1;
  // Checks texts, unless it is null.
  const TextCoverage* coverage = nullptr;
  base::ProgressDisplay* progress = nullptr;
};

// Reads every episode once and returns what is wrong. The findings are:
//
//   error    nan, infinity   a value that becomes a token; a reward
//            no_token        a discrete value that has no token
//            outside_space   a discrete value
//            not_utf8        a text
//            space           a field that cannot be tokenized
//            no_episodes     there is nothing to learn from
//            unreadable      episodes that cannot be read
//   warning  outside_space   a continuous value
//            clipped         most actions are at their bounds
//            frozen          the same action is repeated for long
//            jump            see NumberScan::jumps
//            constant        a key that has the same value in all steps
//            never_changes   a key that is constant within each episode
//            clock, id       a key that counts steps or episodes
//            one_color       images
//            empty_text      texts
//            unknown_pieces, text_vocabulary  see find_text_faults()
//            repeated        episodes that are equal to an earlier one
//            length_one      episodes of one step
//            empty, failed   episodes that gato-tokenize leaves out
//            end_flag        an episode continues after its end
//            reward          there is none, or it is always 0
//            success         none, or only some episodes report it
//            prompt          there is no other episode to take prompts from
//            long_step       more than 512 tokens per observation
//
// Memory is bounded by the episodes that the threads read, and some 50 bytes
// per episode. The result does not depend on the number of threads. Throws
// Error(io) if the file cannot be read.
std::vector<Finding> check_dataset(ingest::EpisodeSource& source,
                                   const DatasetCheckOptions& options);

}  // namespace gato::eval

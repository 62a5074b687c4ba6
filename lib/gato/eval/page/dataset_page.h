// The sections of a page about a dataset of episodes.
#pragma once

#include <cstdint>
#include <vector>

#include "gato/base/progress.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/html_page.h"
#include "gato/ingest/episodes/episode_source.h"

namespace gato::eval {

// Returns, in order: counts, `findings`, the distributions of returns and
// lengths, the keys with the ranges of their values, the first observation of
// some episodes, and one as a video: the one with the highest return among
// those that are not shorter than the median. Reads every episode once, and
// skips those that cannot be read. The sections have about `max_bytes`, or more
// if there are hundreds of keys.
std::vector<HtmlSection> dataset_sections(ingest::EpisodeSource& source,
                                          const std::vector<Finding>& findings,
                                          int64_t max_bytes,
                                          base::ProgressDisplay* progress);

}  // namespace gato::eval

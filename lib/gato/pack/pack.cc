#include "gato/pack/pack.h"

#include <spdlog/spdlog.h>

#include <cmath>
#include <cstdio>

#include "gato/cli/progress.h"
#include "gato/data/sequence_file.h"
#include "gato/pack/corpus.h"
#include "gato/pack/mixture.h"
#include "gato/pack/report.h"
#include "gato/pack/row.h"
#include "gato/pack/sampler.h"

namespace gato {
namespace {

std::vector<MixtureEntry> mixture_of(const PackOptions& options,
                                     const std::vector<std::string>& inputs) {
  MixtureEntry defaults;
  defaults.prompt_fraction = options.prompt_fraction;
  defaults.fill = fill_named(options.fill);
  std::vector<MixtureEntry> mixture;
  if (!options.mixture.empty())
    mixture = read_mixture(options.mixture, defaults);
  for (const std::string& input : inputs)
    mixture.push_back(parse_operand(input, defaults));
  if (mixture.empty())
    throw usage_error("nothing to pack: name token files, or a --mixture");
  for (const MixtureEntry& entry : mixture)
    if (options.window_steps > 0 && entry.fill == Fill::pad)
      throw usage_error(
          "{}: --fill pad keeps one document a row, --window-steps puts many "
          "into it: leave one of them out",
          entry.name);
  return mixture;
}

// The best episode of each task that has episodes, the first of equals.
std::vector<TokenizedDocument> demonstrations(const Corpus& corpus) {
  std::vector<int64_t> best(corpus.tasks().tasks.size(), -1);
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    if (!corpus.is_episode(d) || corpus.tokens(d) == 0) continue;
    int64_t& present = best[corpus.task(d)];
    if (present < 0 || corpus.total_reward(d) > corpus.total_reward(present) ||
        (std::isnan(corpus.total_reward(present)) &&
         !std::isnan(corpus.total_reward(d))))
      present = d;
  }
  std::vector<TokenizedDocument> documents;
  for (int64_t d : best) {
    if (d < 0) continue;
    documents.push_back(corpus.read(d, 0, corpus.tokens(d)).document);
    documents.back().task = corpus.task(d);
    documents.back().source = std::max(0, corpus.source(d));
    documents.back().total_reward = corpus.total_reward(d);
  }
  return documents;
}

}  // namespace

ExitStatus pack(const PackOptions& options, cli::Context& context) {
  const std::vector<MixtureEntry> mixture =
      mixture_of(options, context.common.inputs);
  const Corpus corpus(mixture);
  const Sampler sampler(
      corpus, mixture,
      {options.length, options.window_steps, context.common.seed});

  SequenceFileOptions shape;
  shape.sequences =
      options.sequences > 0
          ? options.sequences
          : (corpus.tokens() + options.length - 1) / options.length;
  shape.length = static_cast<int32_t>(options.length);
  shape.window_steps = static_cast<int32_t>(options.window_steps);
  shape.labels = corpus.has_labels();
  SequenceFileWriter writer(context.common.output, context.common.force, shape,
                            corpus.vocabulary());
  PackReport report(corpus, mixture, sampler, options.length);
  {
    cli::Progress progress("packing", "sequences", shape.sequences);
    for (int64_t q = 0; q < shape.sequences; ++q) {
      const RowPlan plan = sampler.plan(q);
      const PackedRow packed = build_row(corpus, plan, options.length);
      writer.append(packed.row);
      report.add(plan, packed);
      progress.add();
    }
  }
  if (report.rows_without_target() > 0)
    spdlog::warn(
        "{} of {} sequences hold nothing to predict: a time step is longer "
        "than they are; give a longer --length",
        report.rows_without_target(), shape.sequences);

  Provenance provenance(context);
  for (const TokenFileReader& file : corpus.files()) {
    provenance.add_input(file.path());
    provenance.add_parent(file.provenance());
  }
  writer.commit(corpus.tasks(), demonstrations(corpus), report.to_json(),
                provenance);
  fmt::print("{}", report.table());
  cli::report_counts({{"documents", corpus.documents()},
                      {"tokens", corpus.tokens()},
                      {"sequences", shape.sequences},
                      {"distinct patches", writer.distinct_patches()}});
  return ExitStatus::done;
}

}  // namespace gato

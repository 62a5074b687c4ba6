#include "gato/pack/pack.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <vector>

#include "gato/base/digest.h"
#include "gato/base/output.h"
#include "gato/cli/progress.h"
#include "gato/pack/packing.h"
#include "gato/pack/write_sequences.h"

namespace gato {
namespace {

std::vector<MixtureEntry> mixture_of(const PackOptions& options,
                                     const std::string& mixture_text,
                                     const std::vector<std::string>& inputs) {
  MixtureEntry defaults;
  defaults.prompt_fraction = options.prompt_fraction;
  defaults.fill = fill_named(options.fill);
  std::vector<MixtureEntry> mixture;
  if (!options.mixture.empty())
    mixture = parse_mixture(mixture_text, options.mixture, defaults);
  for (const std::string& input : inputs)
    mixture.push_back(parse_operand(input, defaults));
  if (mixture.empty())
    throw usage_error("nothing to pack: name token files, or a --mixture");
  return mixture;
}

cli::Shard::Range sequences_of(const cli::Shard& shard, int64_t sequences) {
  const cli::Shard::Range range = shard.of(sequences);
  if (range.size() == 0)
    throw usage_error(
        "--shard {}/{}: nothing is left to do, there are {} sequences",
        shard.number, shard.count, sequences);
  return range;
}

}  // namespace

ExitStatus pack(const PackOptions& options, cli::Context& context) {
  // Read once: it may be a pipe.
  const std::string mixture =
      options.mixture.empty() ? "" : read_file(options.mixture);
  const Packing packing(
      mixture_of(options, mixture, context.common.inputs),
      {options.length, options.window_steps, context.common.seed},
      options.sequences);
  Provenance provenance(context);
  if (!options.mixture.empty())
    provenance.add_input(options.mixture, std::ssize(mixture),
                         digest_bytes(mixture));
  const PackReport report = write_sequences(
      packing, sequences_of(context.common.shard, packing.sequences()),
      {context.common.output, context.common.force, context.common.threads},
      provenance);
  if (report.cut_windows() > 0)
    spdlog::warn(
        "{} windows of {} time steps are longer than a sequence of {} tokens "
        "and were cut at its end, so that their last actions are missing; give "
        "a longer --length, or fewer --window-steps",
        report.cut_windows(), options.window_steps, options.length);
  if (report.rows_without_target() > 0)
    spdlog::warn(
        "{} of {} sequences hold nothing to predict: a time step is longer "
        "than they are; give a longer --length",
        report.rows_without_target(), report.sequences());
  fmt::print("{}", report.table());
  cli::report_counts({{"documents", packing.corpus().documents()},
                      {"tokens", packing.corpus().tokens()},
                      {"sequences", report.sequences()},
                      {"cut windows", report.cut_windows()},
                      {"patches", report.patches()},
                      {"distinct patches", report.distinct_patches()}});
  return ExitStatus::done;
}

}  // namespace gato

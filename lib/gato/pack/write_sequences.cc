#include "gato/pack/write_sequences.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "gato/base/ordered_jobs.h"
#include "gato/cli/progress.h"
#include "gato/data/sequence_file.h"

namespace gato {
namespace {

// The numbers that patches of the inputs have in the output. A patch that was
// written before costs a look into an array of its file.
class OutputPatches {
 public:
  OutputPatches(const Corpus& corpus, SequenceFileWriter& writer)
      : corpus_(corpus), writer_(writer), numbers_(corpus.files().size()) {}

  int32_t number_of(PatchPlace place) {
    const TokenFileReader& file = corpus_.files()[place.file];
    std::vector<int32_t>& numbers = numbers_[place.file];
    if (numbers.empty()) numbers.resize(file.distinct_patches(), unknown);
    int32_t& number = numbers[place.number];
    if (number == unknown) number = writer_.add_patch(file.patch(place.number));
    return number;
  }

 private:
  static constexpr int32_t unknown = -1;
  const Corpus& corpus_;
  SequenceFileWriter& writer_;
  std::vector<std::vector<int32_t>> numbers_;  // [file][row of its /patches]
};

// Builds the rows in threads and writes them in order.
void write_rows(const Packing& packing, cli::Shard::Range range,
                int64_t threads, SequenceFileWriter& writer,
                PackReport& report) {
  constexpr int64_t rows_a_job = 16;
  // So many jobs may read all pages of the inputs, which count as memory of
  // this process until they are let go.
  constexpr int64_t jobs_a_release = 256;
  struct Built {
    RowPlan plan;
    PackedRow row;
  };
  OutputPatches patches(packing.corpus(), writer);
  cli::Progress progress("packing", "sequences", range.size());
  OrderedJobs jobs(packing.corpus().is_shareable() ? threads : 1);
  int64_t number = 0;
  for (int64_t first = range.first; first < range.last; first += rows_a_job) {
    const int64_t last = std::min(first + rows_a_job, range.last);
    jobs.add([&, first, last](int64_t) -> OrderedJobs::Finish {
      auto built = std::make_shared<std::vector<Built>>();
      for (int64_t q = first; q < last; ++q) {
        RowPlan plan = packing.sampler().plan(q);
        PackedRow row = packing.row(plan);
        built->push_back({std::move(plan), std::move(row)});
      }
      return [&, built] {
        for (Built& each : *built) {
          each.row.renumber(
              [&](PatchPlace place) { return patches.number_of(place); });
          writer.append(each.row.row);
          report.add(each.plan, each.row);
          progress.add();
        }
      };
    });
    if (++number % jobs_a_release == 0) packing.corpus().release();
  }
  jobs.finish();
}

}  // namespace

PackReport write_sequences(const Packing& packing, cli::Shard::Range range,
                           const SequenceOutput& output,
                           Provenance provenance) {
  const Corpus& corpus = packing.corpus();
  const SequenceFileOptions shape{
      .sequences = range.size(),
      .length = static_cast<int32_t>(packing.options().length),
      .window_steps = static_cast<int32_t>(packing.options().window_steps),
      .labels = corpus.has_labels()};
  SequenceFileWriter writer(output.path, output.force, shape,
                            corpus.vocabulary());
  PackReport report(packing, range);
  write_rows(packing, range, output.threads, writer, report);
  report.set_distinct_patches(writer.distinct_patches());
  corpus.record(provenance);
  writer.commit(corpus.tasks(), packing.demonstrations(), report.to_json(),
                provenance);
  return report;
}

}  // namespace gato

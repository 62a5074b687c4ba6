#include "gato/pack/write_sequences.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "gato/base/ordered_thread_pool.h"
#include "gato/data/sequence_file.h"

// Jobs of 16 rows are planned and built in parallel and written in order. The
// patches of a row refer to the inputs until it is written; only then are they
// numbered for the output, so that the file does not depend on the threads.

namespace gato::pack {
namespace {

// Maps the patches of the inputs to their indices in the output, to which a
// patch is written at its first use. Later uses cost one array access.
class PatchIndexMap {
 public:
  PatchIndexMap(const Corpus& corpus, data::SequenceFileWriter& writer)
      : corpus_(corpus), writer_(writer), indices_(corpus.table_count()) {}

  int32_t find_or_write(PatchRef ref) {
    const data::TokenTable& table = corpus_.table(ref.table);
    std::vector<int32_t>& indices = indices_[ref.table];
    if (indices.empty()) {
      indices.resize(table.distinct_patch_count(), kUnassigned);
    }
    int32_t& index = indices[ref.index];
    if (index == kUnassigned) {
      index = writer_.add_patch(table.read_patch(ref.index));
    }
    return index;
  }

 private:
  static constexpr int32_t kUnassigned = -1;
  const Corpus& corpus_;
  data::SequenceFileWriter& writer_;
  std::vector<std::vector<int32_t>> indices_;  // [table][patch]
};

// Builds the rows in parallel and writes them in order.
void write_rows(const PackedDataset& dataset, base::Shard::Range range,
                const WriteOptions& options, data::SequenceFileWriter& writer,
                PackingReport& report) {
  constexpr int64_t kRowsPerJob = 16;
  // Pages of the inputs count as memory of this process until they are
  // released.
  constexpr int64_t kJobsPerRelease = 256;
  struct BuiltRow {
    RowPlan plan;
    PackedRow row;
  };
  PatchIndexMap patches(dataset.corpus(), writer);
  base::Progress progress(options.progress, "packing", "sequences",
                          range.size());
  base::OrderedThreadPool jobs(
      dataset.corpus().is_thread_safe() ? options.threads : 1);
  int64_t job_count = 0;
  for (int64_t first = range.first; first < range.last; first += kRowsPerJob) {
    const int64_t last = std::min(first + kRowsPerJob, range.last);
    jobs.submit(
        [&, first, last](int64_t) -> base::OrderedThreadPool::Completion {
          auto built = std::make_shared<std::vector<BuiltRow>>();
          for (int64_t q = first; q < last; ++q) {
            RowPlan plan = dataset.sampler().plan(q);
            PackedRow row = dataset.row(plan);
            built->push_back({std::move(plan), std::move(row)});
          }
          return [&, built] {
            for (BuiltRow& each : *built) {
              each.row.renumber_patches(
                  [&](PatchRef ref) { return patches.find_or_write(ref); });
              writer.append(each.row.row);
              report.add(each.plan, each.row);
              progress.advance();
            }
          };
        });
    if (++job_count % kJobsPerRelease == 0) {
      dataset.corpus().release_pages();
    }
  }
  jobs.wait_all();
}

}  // namespace

PackingReport write_sequences(const PackedDataset& dataset,
                              base::Shard::Range range,
                              const WriteOptions& options,
                              data::Provenance provenance) {
  const Corpus& corpus = dataset.corpus();
  const data::SequenceFileInfo shape{
      .sequence_count = range.size(),
      .sequence_length = static_cast<int32_t>(dataset.options().length),
      .window_steps = static_cast<int32_t>(dataset.options().window_steps),
      .has_labels = corpus.has_labels()};
  data::SequenceFileWriter writer(options.path, options.force, shape,
                                  corpus.vocabulary());
  PackingReport report(dataset, range);
  write_rows(dataset, range, options, writer, report);
  report.set_distinct_patches(writer.distinct_patch_count());
  corpus.record_provenance(provenance);
  writer.commit(corpus.tasks(), dataset.demonstrations(), report.to_json(),
                provenance);
  return report;
}

}  // namespace gato::pack

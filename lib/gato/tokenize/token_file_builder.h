// Builds a token file from records that are encoded in parallel.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/base/progress.h"
#include "gato/base/shard.h"
#include "gato/data/provenance.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/out_of_range_tally.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::tokenize {

// Named counts in the order in which they are reported.
using Counts = std::vector<std::pair<std::string, int64_t>>;
// Adds to the count of that name, or appends it if it is new.
void add_count(Counts& counts, const std::string& name, int64_t count);

// The result of encoding one record.
struct EncodedRecord {
  data::TokenizedDocument document = {};
  std::exception_ptr error = {};  // set if the record is bad
  std::string location = {};      // of the record, for messages
  // Why the record is left out of the file; empty if it is written.
  std::string exclusion_reason = {};
  OutOfRangeTally out_of_range = {};
  // Decides whether the record is written; if empty, it is. Called in the order
  // of the records, for those that are not bad. A function that returns false
  // must count the record itself.
  std::function<bool()> accept = {};
};
// Encodes the record at `location` and keeps an Error in the result.
template <class Work>
EncodedRecord try_encode(std::string location, Work work) {
  auto result = base::try_call(std::move(work));
  return {std::move(result.value), result.error, std::move(location), {}};
}
// Encodes one or more records. An exception that it throws ends the run.
using EncodeJob = std::function<std::vector<EncodedRecord>()>;

struct TokenFileOptions {
  std::filesystem::path output;
  bool force = false;       // replace an existing file
  int64_t threads = 1;      // the file does not depend on it
  int64_t max_skipped = 0;  // bad records to skip before the run fails
  base::Shard shard;        // a shard may be empty, a complete file may not
  // The bytes of a SentencePiece model; empty if the records contain no text.
  std::string text_model;
  // The file of the text model, for messages; empty if there is none.
  std::string text_model_name;
  data::DiscreteLayout discrete_layout = data::DiscreteLayout::overlap;
  Resize resize;     // the size that all images are resized to
  std::string unit;  // what records are, in the plural, for progress reports
  base::ProgressDisplay* progress = nullptr;
  data::Provenance provenance;
};

class TokenFileBuilder {
 public:
  // Sets the number of OpenCV's own threads to one for the entire process: the
  // jobs run in parallel instead. Throws Error(bad_input) if the text model is
  // invalid, and the errors of Vocabulary::make() and TokenFileWriter.
  explicit TokenFileBuilder(TokenFileOptions options);

  // Returns null if the records contain no text.
  const TextEncoder* text_encoder() const { return text_encoder_.get(); }
  const data::Vocabulary& vocabulary() const { return vocabulary_; }
  const Resize& resize() const { return options_.resize; }
  data::Provenance& provenance() { return options_.provenance; }

  // Returns the index of a task, which is added if it is new. Throws
  // Error(bad_input) if a task of this name has other observations or actions;
  // `where` begins the message.
  int32_t find_or_add_task(const data::TaskSpec& spec,
                           const std::string& where);
  data::TaskEntry& task_entry(int32_t task) {
    return tasks_.tasks[static_cast<size_t>(task)];
  }
  // Returns the index of an agent, which is added if it is new.
  int32_t find_or_add_source(const std::string& name);

  // Runs the job on a thread and appends its records in the order of the calls.
  // The job sets the task and the source of each document. Each record counts
  // as read.
  void add(EncodeJob job);
  // Adds a record that could not even be read, in its order among the others.
  void add_bad_record(std::exception_ptr error = std::current_exception());

  // Sets how much of the inputs has been read, for progress reports.
  void set_bytes_read(int64_t bytes);

  // Counts records that were read but are left out for this reason. A count of
  // 0 makes the reason appear in the report.
  void count_excluded(const std::string& reason, int64_t count);

  // Blocks until all jobs are done.
  void finish() { jobs_.wait_all(); }

  // Blocks until all jobs are done, then calls `describe` with every task.
  void for_each_task(const std::function<void(data::TaskEntry&)>& describe);

  // Writes the file, logs a warning about unknown pieces and out-of-range
  // values if there are any, and returns the counts of the run, most of which
  // are stored in the file, too. The number of records read is the sum of those
  // written, those excluded, by reason, and those skipped. `extra_counts` count
  // anything that is not a record. Throws Error(bad_input) if there is no
  // document; the file of a shard is then empty, with a warning.
  Counts commit(const Counts& extra_counts = {});

 private:
  struct UnknownPieces {
    int64_t pieces = 0, documents = 0;
    std::string first_location;
  };

  void write_record(const EncodedRecord& encoded);
  void count_unknown_pieces(const EncodedRecord& encoded);
  void warn_of_unknown_pieces() const;
  std::string outcome_summary(const Counts& extra_counts) const;
  void check_not_empty(const Counts& extra_counts) const;
  Counts final_counts(const Counts& extra_counts) const;

  TokenFileOptions options_;
  std::unique_ptr<const TextEncoder> text_encoder_;  // null if there is no text
  data::Vocabulary vocabulary_;
  data::TokenFileWriter writer_;
  data::TaskTable tasks_;
  base::BadRecordPolicy bad_records_;
  base::Progress progress_;
  std::string bytes_read_note_;  // "12.5 MB read"; empty if it is not known
  int64_t read_ = 0;
  Counts excluded_counts_;
  UnknownPieces unknown_pieces_;
  std::map<std::string, OutOfRangeTally> out_of_range_;  // by task
  // The last member, so that its threads end before anything else is destroyed.
  base::OrderedThreadPool jobs_;
};

}  // namespace gato::tokenize

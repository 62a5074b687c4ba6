// What the commands of gato-tokenize share: the text model, the vocabulary, the
// table of tasks, and the token file that they write.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/ordered_thread_pool.h"
#include "gato/cli/terminal_progress.h"
#include "gato/cli/tool.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/out_of_range_tally.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::commands {

struct TokenizerOptions {
  std::string text_model;
  std::string discrete = "overlap";
  std::string resize;  // "HxW", empty for none
};
// A command that writes a token file; from operands, which it shares out to
// shards, or from options where `operands` is empty.
cli::Command make_token_command(const std::string& name,
                                const std::string& summary,
                                const std::string& operands);
// Adds --text-model and --discrete.
void add_vocabulary_options(cli::OptionTable& table, TokenizerOptions& options);
// Adds --resize.
void add_resize_option(cli::OptionTable& table, TokenizerOptions& options);
// Error (usage) where the text is no "HxW"; `where` begins the message.
tokenize::Resize parse_resize(const std::string& text,
                              const std::string& where = "option --resize");

// What came of a record.
struct EncodedRecord {
  data::TokenizedDocument document = {};
  std::exception_ptr error = {};  // a bad record's
  std::string location = {};      // of the record, for messages
  std::string exclusion_reason =
      {};  // why it is not to be written; empty where it is
  tokenize::OutOfRangeTally out_of_range = {};
  // Asked in the order of the records, of one that is not bad: whether it is to
  // be written. Where not, whoever says so counts it. Empty: it is.
  std::function<bool()> accept = {};
};
// Does the work on the record at `place`; an Error of it is kept.
template <class Work>
EncodedRecord try_encode(std::string location, Work work) {
  auto result = base::try_call(std::move(work));
  return {std::move(result.value), result.error, std::move(location), {}};
}
// Encodes one or several records; an exception that it throws ends the run.
using EncodeJob = std::function<std::vector<EncodedRecord>()>;

// Adds to the count of that reason, which is new where it is not there yet.
void add_count(std::vector<std::pair<std::string, int64_t>>& counts,
               const std::string& reason, int64_t count);

// A token file in the making. Records come in any number of jobs; bad ones are
// passed over as --skip-bad allows.
class TokenOutput {
 public:
  using Counts = std::vector<std::pair<std::string, int64_t>>;

  TokenOutput(const cli::CommandContext& context,
              const TokenizerOptions& options, const std::string& unit);

  const tokenize::TextEncoder& text_encoder() const { return text_encoder_; }
  const data::Vocabulary& vocabulary() const { return vocabulary_; }
  const tokenize::Resize& resize() const { return resize_; }
  data::Provenance& provenance() { return provenance_; }

  // The number of a task. Error (bad_input) where one of this name has other
  // observations or actions; `where` begins the message.
  int32_t find_or_add_task(const data::TaskSpec& spec,
                           const std::string& where);
  data::TaskEntry& task_entry(int32_t task) {
    return tasks_.tasks[static_cast<size_t>(task)];
  }
  // The number of an agent.
  int32_t find_or_add_source(const std::string& name);

  // Encodes in parallel and appends in order; jobs set the document's task and
  // source. Counts each outcome as a record that was read.
  void add(EncodeJob job);
  // A record that could not even be read, in its place among the others. Call
  // it while the Error is handled.
  void add_bad_record();

  // Records that were read, and are not to be written for this reason: 0 names
  // a reason that is counted where none was left out, too.
  void count_excluded(const std::string& reason, int64_t count);

  // Waits for all jobs.
  void finish() { jobs_.wait_all(); }

  // Waits for all jobs, then calls `describe` with every task.
  void for_each_task(const std::function<void(data::TaskEntry&)>& describe);

  // Writes the file and reports the counts, which also go into it. Read are the
  // written, the left out by reason, and the skipped; `noted` counts what was
  // no record, as are unknown pieces and values outside their spaces, which are
  // counted where there are any and warned of. Error (bad_input) where there is
  // no document; a shard's file is empty then, with a warning.
  void commit(const Counts& extra_counts = {});

 private:
  void write_record(const EncodedRecord& encoded);
  void count_unknown_pieces(const EncodedRecord& encoded);
  void warn_of_unknown_pieces() const;
  std::string outcome_summary(const Counts& extra_counts) const;
  void check_not_empty(const Counts& extra_counts) const;

  struct UnknownPieces {
    int64_t pieces = 0, documents = 0;
    std::string first_location;
  };

  tokenize::TextEncoder text_encoder_;
  data::Vocabulary vocabulary_;
  tokenize::Resize resize_;
  data::Provenance provenance_;
  data::TokenFileWriter writer_;
  data::TaskTable tasks_;
  base::BadRecordPolicy bad_records_;
  cli::Progress progress_;
  int64_t read_ = 0;
  Counts excluded_counts_;
  UnknownPieces unknown_pieces_;
  std::map<std::string, tokenize::OutOfRangeTally> out_of_range_;  // by task
  base::Shard shard_;
  base::OrderedThreadPool jobs_;  // last: its threads end before the rest goes
};

}  // namespace gato::commands

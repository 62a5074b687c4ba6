// What the commands of gato-tokenize share: the text model, the vocabulary, the
// table of tasks, and the token file that they write.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/ordered_jobs.h"
#include "gato/cli/bad_records.h"
#include "gato/cli/progress.h"
#include "gato/cli/tool.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/image.h"
#include "gato/tokenize/outside_values.h"
#include "gato/tokenize/text.h"

namespace gato {

struct TokenOptions {
  std::string text_model;
  std::string discrete = "overlap";
  std::string resize;  // "HxW", empty for none
};
// A command that writes a token file; from operands, which it shares out to
// shards, or from options where `operands` is empty.
cli::Command token_command(const std::string& name, const std::string& summary,
                           const std::string& operands);
// Adds --text-model and --discrete.
void add_vocabulary_options(cli::OptionTable& table, TokenOptions& options);
// Adds --resize.
void add_resize_option(cli::OptionTable& table, TokenOptions& options);
// Error (usage) where the text is no "HxW"; `where` begins the message.
Resize parse_resize(const std::string& text,
                    const std::string& where = "option --resize");

// What came of a record.
struct Encoded {
  TokenizedDocument value = {};
  std::exception_ptr error = {};  // a bad record's
  std::string place = {};         // of the record, for messages
  std::string left_out = {};  // why it is not to be written; empty where it is
  OutsideTally outside = {};
  // Asked in the order of the records, of one that is not bad: whether it is to
  // be written. Where not, whoever says so counts it. Empty: it is.
  std::function<bool()> is_kept = {};
};
// Does the work on the record at `place`; an Error of it is kept.
template <class Work>
Encoded encode_at(std::string place, Work work) {
  auto done = cli::attempt(std::move(work));
  return {std::move(done.value), done.error, std::move(place), {}};
}
// Encodes one or several records; an exception that it throws ends the run.
using EncodeJob = std::function<std::vector<Encoded>()>;

// Adds to the count of that reason, which is new where it is not there yet.
void add_count(std::vector<std::pair<std::string, int64_t>>& counts,
               const std::string& reason, int64_t count);

// A token file in the making. Records come in any number of jobs; bad ones are
// passed over as --skip-bad allows.
class TokenOutput {
 public:
  using Counts = std::vector<std::pair<std::string, int64_t>>;

  TokenOutput(const cli::Context& context, const TokenOptions& options,
              const std::string& unit);

  const TextEncoder& text() const { return text_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  const Resize& resize() const { return resize_; }
  Provenance& provenance() { return provenance_; }

  // The number of a task. Error (bad_input) where one of this name has other
  // observations or actions; `where` begins the message.
  int32_t task(const TaskSpec& spec, const std::string& where);
  TaskEntry& entry(int32_t task) {
    return tasks_.tasks[static_cast<size_t>(task)];
  }
  // The number of an agent.
  int32_t source(const std::string& name);

  // Encodes in parallel and appends in order; jobs set the document's task and
  // source. Counts each outcome as a record that was read.
  void add(EncodeJob job);
  // A record that could not even be read, in its place among the others. Call
  // it while the Error is handled.
  void add_bad();

  // Records that were read, and are not to be written for this reason: 0 names
  // a reason that is counted where none was left out, too.
  void leave_out(const std::string& reason, int64_t count);

  // Waits for all jobs.
  void finish() { jobs_.finish(); }

  // Waits for all jobs, then calls `describe` with every task.
  void describe_tasks(const std::function<void(TaskEntry&)>& describe);

  // Writes the file and reports the counts, which also go into it. Read are the
  // written, the left out by reason, and the skipped; `noted` counts what was
  // no record, as are unknown pieces and values outside their spaces, which are
  // counted where there are any and warned of. Error (bad_input) where there is
  // no document; a shard's file is empty then, with a warning.
  void commit(const Counts& noted = {});

 private:
  void consume(const Encoded& encoded);
  void note_unknown_pieces(const Encoded& encoded);
  void warn_of_unknown_pieces() const;
  std::string reasons(const Counts& noted) const;
  void check_documents(const Counts& noted) const;

  struct UnknownPieces {
    int64_t pieces = 0, documents = 0;
    std::string first_place;
  };

  TextEncoder text_;
  Vocabulary vocabulary_;
  Resize resize_;
  Provenance provenance_;
  TokenFileWriter writer_;
  TaskTable tasks_;
  cli::BadRecords bad_records_;
  cli::Progress progress_;
  int64_t read_ = 0;
  Counts left_out_;
  UnknownPieces unknown_;
  OutsideSummary outside_;
  cli::Shard shard_;
  OrderedJobs jobs_;  // last: its threads end before the rest goes
};

}  // namespace gato

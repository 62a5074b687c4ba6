#include "gato/eval/check/token_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

#include "gato/base/digest.h"
#include "gato/eval/check/patch_colors.h"
#include "gato/eval/check/task_tokens.h"
#include "gato/eval/check/text_coverage.h"
#include "gato/tokenize/token_decoder.h"

namespace gato::eval {
namespace {

constexpr double kMaxPadding = 0.5, kMaxRepeatedRows = 0.2;

// The text model of a file, if it contains one.
class FileTextModel {
 public:
  explicit FileTextModel(const data::Vocabulary& vocabulary) {
    if (!vocabulary.sentencepiece_model.empty()) {
      encoder_.emplace(vocabulary.sentencepiece_model);
      coverage_.emplace(*encoder_);
    }
  }
  const TextCoverage* coverage() const {
    return coverage_ ? &*coverage_ : nullptr;
  }

 private:
  std::optional<tokenize::TextEncoder> encoder_;
  std::optional<TextCoverage> coverage_;
};

std::vector<TaskTokens> make_tasks(const data::TaskTable& table,
                                   const data::Vocabulary& vocabulary) {
  std::vector<TaskTokens> tasks;
  tasks.reserve(table.tasks.size());
  for (const data::TaskEntry& task : table.tasks) {
    tasks.emplace_back(task, vocabulary);
  }
  return tasks;
}

// Remembers what it was given by digests.
class Repetitions {
 public:
  // Returns whether equal spans were given before.
  template <class... Value>
  bool add(std::span<const Value>... values) {
    base::Digest digest;
    (digest.update(std::as_bytes(values)), ...);
    return !seen_.insert(std::stoull(digest.hex(), nullptr, 16)).second;
  }

 private:
  std::unordered_set<uint64_t> seen_;
};

Finding warning(const char* check, const std::string& key, std::string message,
                int64_t count) {
  return {Severity::warning, check, key, std::move(message), count};
}

}  // namespace

std::vector<Finding> check_tokens(const data::TokenFileReader& reader,
                                  base::ProgressDisplay* progress) {
  const FileTextModel text_model(reader.vocabulary());
  data::Patch patch;
  const PatchColors colors(reader.distinct_patch_count(), [&](int64_t i) {
    patch = reader.read_patch(i);
    return patch.data();
  });
  std::vector<TaskTokens> tasks =
      make_tasks(reader.tasks(), reader.vocabulary());
  Repetitions repetitions;
  base::Progress counter(progress, "check", "documents",
                         reader.document_count());
  for (int64_t i = 0; i < reader.document_count(); ++i) {
    const int64_t steps = reader.first_step(i + 1) - reader.first_step(i);
    const data::TokenizedDocument document =
        reader.read_steps(i, 0, steps, data::PatchNumbering::per_table);
    TaskTokens& task = tasks[static_cast<size_t>(document.task_index)];
    task.add(document, colors, text_model.coverage());
    // A few words may well be equal.
    const bool is_long =
        document.is_episode ? steps > 1 : document.tokens.size() >= 16;
    task.add_complete(
        document,
        is_long && repetitions.add(std::span<const int32_t>(document.tokens),
                                   std::span<const int32_t>(document.labels)));
    counter.advance();
  }
  std::vector<Finding> findings;
  if (reader.token_count() == 0) {
    findings.push_back({Severity::error, "no_documents", "",
                        "the file has no tokens: there is nothing to learn "
                        "from",
                        reader.document_count()});
  }
  for (const TaskTokens& task : tasks) {
    task.report(reader.tasks().sources, findings);
  }
  sort_findings(findings);
  return findings;
}

namespace {

// Counts of the sequences of a task.
struct SequenceCounts {
  int64_t sequences = 0, prompted = 0, without_target = 0;
};

bool has_target(const data::SequenceView& row) {
  // The first token of a sequence is not predicted.
  for (size_t i = 1; i < row.modality.size(); ++i) {
    if (data::is_target(static_cast<data::Modality>(row.modality[i]))) {
      return true;
    }
  }
  return false;
}

void report_prompts(const data::SequenceFileReader& reader,
                    const std::vector<SequenceCounts>& counts,
                    std::vector<Finding>& findings) {
  const bool any_prompted = std::ranges::any_of(
      counts, [](const SequenceCounts& task) { return task.prompted > 0; });
  for (size_t i = 0; any_prompted && i < counts.size(); ++i) {
    const data::TaskSpec& spec = reader.tasks().tasks[i].spec;
    const bool is_episodic = !spec.action_fields.empty();
    // Fewer sequences may have no prompt by chance.
    if (is_episodic && counts[i].sequences >= 40 && counts[i].prompted == 0) {
      findings.push_back(warning(
          "prompt", spec.name,
          fmt::format("none of its {} sequences has a prompt: there may be "
                      "only one episode of each agent",
                      counts[i].sequences),
          counts[i].sequences));
    }
  }
}

}  // namespace

std::vector<Finding> check_sequences(const data::SequenceFileReader& reader,
                                     base::ProgressDisplay* progress) {
  const FileTextModel text_model(reader.vocabulary());
  const uint8_t* pixels = reader.patch_pixels().data();
  const PatchColors colors(reader.distinct_patch_count(), [pixels](int64_t i) {
    return pixels + static_cast<size_t>(i) * sizeof(data::Patch);
  });
  std::vector<TaskTokens> tasks =
      make_tasks(reader.tasks(), reader.vocabulary());
  std::vector<SequenceCounts> counts(tasks.size());
  Repetitions repetitions;
  int64_t padding = 0, repeated = 0;
  base::Progress counter(progress, "check", "sequences",
                         reader.sequence_count());
  for (int64_t i = 0; i < reader.sequence_count(); ++i) {
    const data::SequenceView row = reader.row(i);
    const auto task = static_cast<size_t>(row.task_index);
    ++counts[task].sequences;
    counts[task].prompted += row.prompt_mask[0] != 0;
    counts[task].without_target += !has_target(row);
    padding += std::ranges::count(
        row.modality, static_cast<uint8_t>(data::Modality::padding));
    repeated += repetitions.add(row.tokens, row.labels);
    for (const data::TokenizedDocument& document :
         tokenize::split_into_documents(row)) {
      tasks[task].add(document, colors, text_model.coverage());
    }
    counter.advance();
  }
  std::vector<Finding> findings;
  const int64_t sequences = reader.sequence_count();
  if (sequences == 0) {
    findings.push_back({Severity::error, "no_documents", "",
                        "the file has no sequences: there is nothing to learn "
                        "from",
                        0});
  }
  const int64_t all = sequences * reader.info().sequence_length;
  if (static_cast<double>(padding) > kMaxPadding * static_cast<double>(all)) {
    findings.push_back(warning(
        "padding", "",
        fmt::format("{} of the tokens are padding: choose a shorter --length, "
                    "or --fill same-task",
                    percent(padding, all)),
        padding));
  }
  if (static_cast<double>(repeated) >
      kMaxRepeatedRows * static_cast<double>(sequences)) {
    findings.push_back(
        warning("repeated", "",
                fmt::format("{} of {} sequences repeat an earlier one: the "
                            "data has too few tokens for so many sequences",
                            repeated, sequences),
                repeated));
  }
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (counts[i].without_target > 0) {
      findings.push_back(
          warning("no_targets", reader.tasks().tasks[i].spec.name,
                  fmt::format("{} of {} sequences have no text and no action "
                              "to predict",
                              counts[i].without_target, counts[i].sequences),
                  counts[i].without_target));
    }
    tasks[i].report(reader.tasks().sources, findings);
  }
  report_prompts(reader, counts, findings);
  sort_findings(findings);
  return findings;
}

}  // namespace gato::eval

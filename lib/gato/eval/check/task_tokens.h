// Statistics of the documents of one task, for the checks of token files.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gato/data/task.h"
#include "gato/data/tokens.h"
#include "gato/eval/check/finding.h"
#include "gato/eval/check/patch_colors.h"
#include "gato/eval/check/saturation.h"
#include "gato/eval/check/text_coverage.h"

namespace gato::eval {

class TaskTokens {
 public:
  TaskTokens(const data::TaskEntry& task, const data::Vocabulary& vocabulary);

  // Adds the tokens of a document of the task, whose patch tokens refer to the
  // patches of `colors`. `coverage` may be null.
  void add(const data::TokenizedDocument& document, const PatchColors& colors,
           const TextCoverage* coverage);
  // Adds what is only known of complete documents.
  void add_complete(const data::TokenizedDocument& document,
                    bool repeats_another);
  // Appends the findings. `sources` are the names of the agents.
  void report(const std::vector<std::string>& sources,
              std::vector<Finding>& findings) const;

 private:
  // The tokens of a numeric key within a time step.
  struct Key {
    std::string name;
    size_t first = 0, count = 0;  // within its part of the step
    bool is_action = false, is_continuous = false;
    Saturation saturation;  // values in the outermost bins
  };
  // The numeric observation tokens, or the action tokens, of a step.
  struct Part {
    std::vector<Key> keys;
    size_t tokens = 0;
    int64_t steps = 0;
    std::vector<int32_t> first;    // those of the first step
    std::vector<uint8_t> changes;  // whether any later step differs
    std::vector<int8_t> sides;     // see Saturation; those of the last step
    void append(const data::Field& field, bool is_action);
  };

  void add_step(const data::TokenizedDocument& document, size_t begin,
                size_t end);
  void add_part(std::span<const int32_t> ids, Part& part);
  void add_action(std::span<const int32_t> ids);
  void end_run();
  void add_texts(const data::TokenizedDocument& document,
                 const TextCoverage& coverage);
  int side_of(int32_t id) const;
  void report_part(const Part& part, std::vector<Finding>& findings) const;
  void report_documents(const std::vector<std::string>& sources,
                        std::vector<Finding>& findings) const;
  void add_finding(const char* check, const std::string& key,
                   std::string message, int64_t count,
                   std::vector<Finding>& findings) const;

  std::string name_;
  int32_t continuous_begin_;
  Part observation_, action_;
  bool has_discrete_actions_ = false;
  std::vector<int32_t> last_action_;
  int64_t equal_actions_ = 0, frozen_steps_ = 0;
  int64_t max_observation_tokens_ = 0;
  int64_t images_ = 0, one_color_ = 0;
  TextTally text_;
  int64_t documents_ = 0, repeated_ = 0, length_one_ = 0;
  int64_t with_return_ = 0;  // documents whose return is neither NaN nor 0
  std::map<int32_t, int64_t> episodes_by_source_;
};

}  // namespace gato::eval

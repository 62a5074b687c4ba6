// The texts that gato-tokenize vocab learns from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gato/base/bad_records.h"
#include "gato/base/progress.h"
#include "gato/commands/tokenize/end_of_text_option.h"
#include "gato/commands/tokenize/text_options.h"
#include "gato/ingest/text/text_source.h"
#include "gato/tokenize/vocabulary_training.h"

namespace gato::commands {

// The texts of all inputs, one input after another. Bad records are skipped as
// far as `max_skipped` allows.
class InputTextStream : public tokenize::TextStream {
 public:
  // `end_of_text` is the option of that name: markers of the end of a text are
  // not learned. The references must outlive the stream.
  InputTextStream(const std::vector<std::string>& inputs,
                  const ingest::TextSourceOptions& options,
                  const std::string& end_of_text, int64_t max_skipped,
                  base::ProgressDisplay& display);

  std::optional<std::string> next() override;

  int64_t read() const { return read_; }
  int64_t skipped() const { return bad_records_.skipped(); }
  // Logs warnings if the options do not seem to match the inputs. Call at the
  // end.
  void warn() const;

 private:
  // Opens the next input; with --format vqa, a pair of them.
  std::unique_ptr<tokenize::TextStream> open_next_input();

  const std::vector<std::string>& inputs_;
  const ingest::TextSourceOptions& options_;
  TextWarnings warnings_;
  EndOfTextMarkers markers_;
  base::BadRecordPolicy bad_records_;
  base::Progress progress_;
  int64_t bytes_read_ = 0;  // of the inputs before the current one
  std::unique_ptr<tokenize::TextStream> input_;
  size_t next_input_ = 0;
  int64_t read_ = 0;
};

}  // namespace gato::commands

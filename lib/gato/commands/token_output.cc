#include "gato/commands/token_output.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <utility>

#include "gato/base/file_io.h"
#include "gato/base/parse_number.h"

namespace gato::commands {
namespace {

tokenize::TextEncoder load_text_encoder(const std::string& path) {
  try {
    return tokenize::TextEncoder(base::read_file(path));
  } catch (const base::Error& error) {
    if (error.status() == base::ExitStatus::io) throw;
    throw base::Error(error.status(),
                      fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

cli::Command make_token_command(const std::string& name,
                                const std::string& summary,
                                const std::string& operands) {
  cli::Command command;
  command.name = name;
  command.summary = summary;
  command.operands = operands;
  command.min_operands = operands.empty() ? 0 : 1;
  command.output = cli::OutputRequirement::required;
  command.output_help = "Token file to write";
  command.has_skip_bad = true;
  if (!operands.empty()) command.sharding = cli::Sharding::operands;
  return command;
}

void add_vocabulary_options(cli::OptionTable& table,
                            TokenizerOptions& options) {
  table
      .add("text-model", &options.text_model,
           "SentencePiece model whose pieces are the text tokens "
           "(gato-tokenize vocab makes one)")
      .metavar("FILE")
      .required();
  table
      .add(
          "discrete", &options.discrete,
          "Where the 1024 ids of discrete values lie: in those of the first "
          "text pieces (overlap, as in the paper; needs a model of 1024 pieces "
          "or more), or in a range of their own (separate)")
      .one_of({"overlap", "separate"})
      .metavar("LAYOUT");
}

void add_resize_option(cli::OptionTable& table, TokenizerOptions& options) {
  table
      .add("resize", &options.resize,
           "Resize every image to H x W pixels, by area, before it is cut into "
           "patches")
      .metavar("HxW");
}

tokenize::Resize parse_resize(const std::string& text,
                              const std::string& where) {
  if (text.empty()) return {};
  const size_t cross = text.find('x');
  if (cross == std::string::npos) {
    throw base::usage_error("{}: '{}' is no HxW, for example 64x80", where,
                            text);
  }
  const auto height = base::parse_number<int64_t>(
      std::string_view(text).substr(0, cross), where + ": the height");
  const auto width = base::parse_number<int64_t>(
      std::string_view(text).substr(cross + 1), where + ": the width");
  constexpr int64_t max_side = 16384;
  if (std::min(height, width) < 1 || std::max(height, width) > max_side) {
    throw base::usage_error("{}: the sides of '{}' are not within 1 to {}",
                            where, text, max_side);
  }
  return {static_cast<int>(height), static_cast<int>(width)};
}

void add_count(std::vector<std::pair<std::string, int64_t>>& counts,
               const std::string& reason, int64_t count) {
  const auto known = std::ranges::find(counts, reason,
                                       &std::pair<std::string, int64_t>::first);
  if (known == counts.end()) {
    counts.emplace_back(reason, count);
  } else {
    known->second += count;
  }
}

TokenOutput::TokenOutput(const cli::CommandContext& context,
                         const TokenizerOptions& options,
                         const std::string& unit)
    : text_encoder_(load_text_encoder(options.text_model)),
      vocabulary_(data::Vocabulary::make(
          base::read_file(options.text_model), text_encoder_.size(),
          options.discrete == "overlap" ? data::DiscreteLayout::overlap
                                        : data::DiscreteLayout::separate)),
      resize_(parse_resize(options.resize)),
      provenance_(context),
      writer_(context.common.output, context.common.force, vocabulary_),
      bad_records_(context.common.skip_bad),
      progress_("tokenize", unit),
      shard_(context.common.shard),
      jobs_(context.common.threads) {
  provenance_.add_input(options.text_model);
  // The jobs are the parallel work; OpenCV's own threads would compete.
  cv::setNumThreads(1);
}

int32_t TokenOutput::find_or_add_task(const data::TaskSpec& spec,
                                      const std::string& where) {
  for (size_t i = 0; i < tasks_.tasks.size(); ++i) {
    const data::TaskSpec& known = tasks_.tasks[i].spec;
    if (known.name != spec.name) continue;
    if (known.observation_fields != spec.observation_fields ||
        known.action_fields != spec.action_fields) {
      throw base::input_error(
          "{}: its observations or actions differ from those of an earlier "
          "input of the same task '{}'; give it another name with --task, in a "
          "file of its own",
          where, spec.name);
    }
    return static_cast<int32_t>(i);
  }
  data::require_printable_names(spec);
  data::TaskEntry& entry = tasks_.tasks.emplace_back();
  entry.spec = spec;
  entry.image_height = resize_.height;
  entry.image_width = resize_.width;
  return static_cast<int32_t>(tasks_.tasks.size() - 1);
}

int32_t TokenOutput::find_or_add_source(const std::string& name) {
  auto& sources = tasks_.sources;
  const auto found = std::find(sources.begin(), sources.end(), name);
  if (found == sources.end()) sources.push_back(name);
  return static_cast<int32_t>(std::find(sources.begin(), sources.end(), name) -
                              sources.begin());
}

void TokenOutput::add(EncodeJob job) {
  jobs_.submit([this, job = std::move(job)](int64_t) {
    return [this, all = job()] {
      for (const EncodedRecord& encoded : all) write_record(encoded);
    };
  });
}

void TokenOutput::add_bad_record() {
  add([error = std::current_exception()] {
    return std::vector<EncodedRecord>{{{}, error}};
  });
}

void TokenOutput::write_record(const EncodedRecord& encoded) {
  progress_.advance();
  if (!encoded.exclusion_reason.empty())
    return count_excluded(encoded.exclusion_reason, 1);
  if (!encoded.error && encoded.accept && !encoded.accept()) return;
  ++read_;
  if (encoded.error) return bad_records_.skip_or_rethrow(encoded.error);
  count_unknown_pieces(encoded);
  const data::TokenizedDocument& document = encoded.document;
  writer_.append(document);
  data::TaskEntry& task = task_entry(document.task_index);
  out_of_range_[task.spec.name].add_document(encoded.out_of_range,
                                             encoded.location);
  ++task.episode_count;
  task.step_count += static_cast<int64_t>(document.step_offset.size()) - 1;
}

void TokenOutput::count_unknown_pieces(const EncodedRecord& encoded) {
  const data::TokenizedDocument& document = encoded.document;
  const int32_t unknown = text_encoder_.unk_id();
  int64_t pieces = 0;
  for (size_t i = 0; i < document.tokens.size(); ++i) {
    pieces += document.tokens[i] == unknown &&
              document.modality[i] == data::Modality::text;
  }
  if (pieces == 0) return;
  if (unknown_pieces_.documents++ == 0)
    unknown_pieces_.first_location = encoded.location;
  unknown_pieces_.pieces += pieces;
}

void TokenOutput::warn_of_unknown_pieces() const {
  if (unknown_pieces_.documents == 0) return;
  spdlog::warn(
      "the text model lacks some characters: unknown pieces {}, in documents "
      "{}, first in {}; take a text model that was learned from such text, or "
      "one with byte fallback (gato-tokenize vocab --byte-fallback on)",
      unknown_pieces_.pieces, unknown_pieces_.documents,
      unknown_pieces_.first_location);
}

void TokenOutput::for_each_task(
    const std::function<void(data::TaskEntry&)>& describe) {
  jobs_.wait_all();
  for (data::TaskEntry& task : tasks_.tasks) describe(task);
}

void TokenOutput::count_excluded(const std::string& reason, int64_t count) {
  read_ += count;
  add_count(excluded_counts_, reason, count);
}

// Where everything went that was read.
std::string TokenOutput::outcome_summary(const Counts& extra_counts) const {
  std::string text = fmt::format("read {}", read_);
  for (const Counts& counts : {excluded_counts_, extra_counts}) {
    for (const auto& [name, count] : counts) {
      if (count > 0) text += fmt::format(", {} {}", name, count);
    }
  }
  if (bad_records_.skipped() > 0)
    text += fmt::format(", skipped {}", bad_records_.skipped());
  return text;
}

// Which of many parts holds nothing is chance, and must not end a job of all;
// without parts, nothing is what nobody asked for.
void TokenOutput::check_not_empty(const Counts& extra_counts) const {
  if (writer_.document_count() > 0) return;
  if (shard_.count == 1) {
    throw base::input_error("the inputs hold no document to write ({})",
                            outcome_summary(extra_counts));
  }
  spdlog::warn(
      "--shard {}/{}: its inputs hold no document to write ({}); the token "
      "file is empty, and gato-pack leaves it out",
      shard_.number, shard_.count, outcome_summary(extra_counts));
}

void TokenOutput::commit(const Counts& extra_counts) {
  jobs_.wait_all();
  check_not_empty(extra_counts);
  Counts counts{{"read", read_}, {"written", writer_.document_count()}};
  counts.insert(counts.end(), excluded_counts_.begin(), excluded_counts_.end());
  counts.insert(counts.end(), extra_counts.begin(), extra_counts.end());
  if (unknown_pieces_.pieces > 0) {
    counts.emplace_back("unknown_pieces", unknown_pieces_.pieces);
  }
  int64_t out_of_range = 0;
  for (const auto& [task, tally] : out_of_range_) out_of_range += tally.count();
  if (out_of_range > 0) counts.emplace_back("outside_values", out_of_range);
  counts.emplace_back("skipped", bad_records_.skipped());
  nlohmann::ordered_json report;
  for (const auto& [name, count] : counts) report[name] = count;
  writer_.commit(tasks_, provenance_, report);
  warn_of_unknown_pieces();
  for (const auto& [task, tally] : out_of_range_) tally.warn(task);
  counts.insert(counts.end(),
                {{"tokens", writer_.token_count()},
                 {"patches", writer_.patch_token_count()},
                 {"distinct patches", writer_.distinct_patch_count()}});
  cli::log_counts(counts);
}

}  // namespace gato::commands

#include "gato/tokenize/token_output.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <utility>

#include "gato/base/number.h"
#include "gato/base/output.h"

namespace gato {
namespace {

TextEncoder load_text_model(const std::string& path) {
  try {
    return TextEncoder(read_file(path));
  } catch (const Error& error) {
    if (error.status() == ExitStatus::io) throw;
    throw Error(error.status(), fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace

cli::Command token_command(const std::string& name, const std::string& summary,
                           const std::string& operands) {
  cli::Command command;
  command.name = name;
  command.summary = summary;
  command.operands = operands;
  command.minimum_operands = operands.empty() ? 0 : 1;
  command.output = cli::Output::required;
  command.output_help = "Token file to write";
  command.skip_bad = true;
  if (!operands.empty()) command.sharding = cli::Sharding::operands;
  return command;
}

void add_vocabulary_options(cli::OptionTable& table, TokenOptions& options) {
  table
      .add("text-model", &options.text_model,
           "SentencePiece model whose pieces are the text tokens "
           "(gato-tokenize vocab makes one)")
      .named("FILE")
      .required();
  table
      .add(
          "discrete", &options.discrete,
          "Where the 1024 ids of discrete values lie: in those of the first "
          "text pieces (overlap, as in the paper; needs a model of 1024 pieces "
          "or more), or in a range of their own (separate)")
      .one_of({"overlap", "separate"})
      .named("LAYOUT");
}

void add_resize_option(cli::OptionTable& table, TokenOptions& options) {
  table
      .add("resize", &options.resize,
           "Resize every image to H x W pixels, by area, before it is cut into "
           "patches")
      .named("HxW");
}

Resize parse_resize(const std::string& text, const std::string& where) {
  if (text.empty()) return {};
  const size_t cross = text.find('x');
  if (cross == std::string::npos) {
    throw usage_error("{}: '{}' is no HxW, for example 64x80", where, text);
  }
  const auto height = parse_number<int64_t>(
      std::string_view(text).substr(0, cross), where + ": the height");
  const auto width = parse_number<int64_t>(
      std::string_view(text).substr(cross + 1), where + ": the width");
  constexpr int64_t most = 16384;
  if (std::min(height, width) < 1 || std::max(height, width) > most) {
    throw usage_error("{}: the sides of '{}' are not within 1 to {}", where,
                      text, most);
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

TokenOutput::TokenOutput(const cli::Context& context,
                         const TokenOptions& options, const std::string& unit)
    : text_(load_text_model(options.text_model)),
      vocabulary_(Vocabulary::make(read_file(options.text_model), text_.size(),
                                   options.discrete == "overlap"
                                       ? DiscreteLayout::overlap
                                       : DiscreteLayout::separate)),
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

int32_t TokenOutput::task(const TaskSpec& spec, const std::string& where) {
  for (size_t i = 0; i < tasks_.tasks.size(); ++i) {
    const TaskSpec& known = tasks_.tasks[i].spec;
    if (known.name != spec.name) continue;
    if (known.observation != spec.observation || known.action != spec.action) {
      throw input_error(
          "{}: its observations or actions differ from those of an earlier "
          "input of the same task '{}'; give it another name with --task, in a "
          "file of its own",
          where, spec.name);
    }
    return static_cast<int32_t>(i);
  }
  check_names(spec);
  TaskEntry& entry = tasks_.tasks.emplace_back();
  entry.spec = spec;
  entry.image_height = resize_.height;
  entry.image_width = resize_.width;
  return static_cast<int32_t>(tasks_.tasks.size() - 1);
}

int32_t TokenOutput::source(const std::string& name) {
  auto& sources = tasks_.sources;
  const auto found = std::find(sources.begin(), sources.end(), name);
  if (found == sources.end()) sources.push_back(name);
  return static_cast<int32_t>(std::find(sources.begin(), sources.end(), name) -
                              sources.begin());
}

void TokenOutput::add(EncodeJob job) {
  jobs_.add([this, job = std::move(job)](int64_t) {
    return [this, all = job()] {
      for (const Encoded& encoded : all) consume(encoded);
    };
  });
}

void TokenOutput::add_bad() {
  add([error = std::current_exception()] {
    return std::vector<Encoded>{{{}, error}};
  });
}

void TokenOutput::consume(const Encoded& encoded) {
  progress_.add();
  if (!encoded.left_out.empty()) return leave_out(encoded.left_out, 1);
  if (!encoded.error && encoded.is_kept && !encoded.is_kept()) return;
  ++read_;
  if (encoded.error) return bad_records_.tolerate(encoded.error);
  note_unknown_pieces(encoded);
  const TokenizedDocument& document = encoded.value;
  writer_.append(document);
  TaskEntry& task = entry(document.task);
  outside_.add(task.spec.name, encoded.outside, encoded.place);
  ++task.episodes;
  task.steps += static_cast<int64_t>(document.step_offset.size()) - 1;
}

void TokenOutput::note_unknown_pieces(const Encoded& encoded) {
  const TokenizedDocument& document = encoded.value;
  const int32_t unknown = text_.unknown();
  int64_t pieces = 0;
  for (size_t i = 0; i < document.tokens.size(); ++i) {
    pieces +=
        document.tokens[i] == unknown && document.modality[i] == Modality::text;
  }
  if (pieces == 0) return;
  if (unknown_.documents++ == 0) unknown_.first_place = encoded.place;
  unknown_.pieces += pieces;
}

void TokenOutput::warn_of_unknown_pieces() const {
  if (unknown_.documents == 0) return;
  spdlog::warn(
      "the text model lacks some characters: unknown pieces {}, in documents "
      "{}, first in {}; take a text model that was learned from such text, or "
      "one with byte fallback (gato-tokenize vocab --byte-fallback on)",
      unknown_.pieces, unknown_.documents, unknown_.first_place);
}

void TokenOutput::describe_tasks(
    const std::function<void(TaskEntry&)>& describe) {
  jobs_.finish();
  for (TaskEntry& task : tasks_.tasks) describe(task);
}

void TokenOutput::leave_out(const std::string& reason, int64_t count) {
  read_ += count;
  add_count(left_out_, reason, count);
}

// Where everything went that was read.
std::string TokenOutput::reasons(const Counts& noted) const {
  std::string text = fmt::format("read {}", read_);
  for (const Counts& counts : {left_out_, noted}) {
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
void TokenOutput::check_documents(const Counts& noted) const {
  if (writer_.documents() > 0) return;
  if (shard_.count == 1) {
    throw input_error("the inputs hold no document to write ({})",
                      reasons(noted));
  }
  spdlog::warn(
      "--shard {}/{}: its inputs hold no document to write ({}); the token "
      "file is empty, and gato-pack leaves it out",
      shard_.number, shard_.count, reasons(noted));
}

void TokenOutput::commit(const Counts& noted) {
  jobs_.finish();
  check_documents(noted);
  Counts counts{{"read", read_}, {"written", writer_.documents()}};
  counts.insert(counts.end(), left_out_.begin(), left_out_.end());
  counts.insert(counts.end(), noted.begin(), noted.end());
  if (unknown_.pieces > 0) {
    counts.emplace_back("unknown_pieces", unknown_.pieces);
  }
  if (outside_.count() > 0) {
    counts.emplace_back("outside_values", outside_.count());
  }
  counts.emplace_back("skipped", bad_records_.skipped());
  nlohmann::ordered_json report;
  for (const auto& [name, count] : counts) report[name] = count;
  writer_.commit(tasks_, provenance_, report);
  warn_of_unknown_pieces();
  outside_.warn();
  counts.insert(counts.end(),
                {{"tokens", writer_.tokens()},
                 {"patches", writer_.patches()},
                 {"distinct patches", writer_.distinct_patches()}});
  cli::report_counts(counts);
}

}  // namespace gato

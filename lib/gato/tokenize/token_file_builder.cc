#include "gato/tokenize/token_file_builder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <opencv2/core.hpp>

#include "gato/base/error.h"

// Jobs encode records in the threads of an OrderedThreadPool, and the pool
// calls write_record() for their results in the order in which the jobs were
// added, one at a time. So everything that depends on the order of the records
// (the file, which bad record is one too many, whether a record is accepted)
// does not depend on the number of threads, and needs no lock.

namespace gato::tokenize {
namespace {

// Returns null if there is no SentencePiece model.
std::unique_ptr<const TextEncoder> load_text_encoder(
    const TokenFileOptions& options) {
  if (options.text_model_name.empty()) {
    return nullptr;
  }
  return base::with_context(options.text_model_name, [&options] {
    return std::make_unique<const TextEncoder>(options.text_model);
  });
}

data::Vocabulary make_vocabulary(const TokenFileOptions& options,
                                 const TextEncoder* text_encoder) {
  if (text_encoder == nullptr) {
    return data::Vocabulary::without_text();
  }
  return data::Vocabulary::make(options.text_model, text_encoder->size(),
                                options.discrete_layout);
}

}  // namespace

void add_count(Counts& counts, const std::string& name, int64_t count) {
  const auto known =
      std::ranges::find(counts, name, &Counts::value_type::first);
  if (known == counts.end()) {
    counts.emplace_back(name, count);
  } else {
    known->second += count;
  }
}

TokenFileBuilder::TokenFileBuilder(TokenFileOptions options)
    : options_(std::move(options)),
      text_encoder_(load_text_encoder(options_)),
      vocabulary_(make_vocabulary(options_, text_encoder_.get())),
      writer_(options_.output, options_.force, vocabulary_),
      bad_records_(options_.max_skipped),
      progress_(options_.progress, "tokenize", options_.unit),
      jobs_(options_.threads) {
  cv::setNumThreads(1);
}

int32_t TokenFileBuilder::find_or_add_task(const data::TaskSpec& spec,
                                           const std::string& where) {
  for (size_t i = 0; i < tasks_.tasks.size(); ++i) {
    const data::TaskSpec& known = tasks_.tasks[i].spec;
    if (known.name != spec.name) {
      continue;
    }
    if (known.observation_fields != spec.observation_fields ||
        known.action_fields != spec.action_fields) {
      throw base::input_error(
          "{}: its observations or actions differ from those of an earlier "
          "input of the same task '{}'; write it to a separate file, with "
          "another name (--task)",
          where, spec.name);
    }
    data::add_settings_of(where, spec.settings, tasks_.tasks[i]);
    return static_cast<int32_t>(i);
  }
  data::require_printable_names(spec);
  data::TaskEntry& entry = tasks_.tasks.emplace_back();
  entry.spec = spec;
  data::add_settings(entry, spec.settings);
  entry.image_height = options_.resize.height;
  entry.image_width = options_.resize.width;
  return static_cast<int32_t>(tasks_.tasks.size() - 1);
}

int32_t TokenFileBuilder::find_or_add_source(const std::string& name) {
  std::vector<std::string>& sources = tasks_.sources;
  const auto index = std::ranges::find(sources, name) - sources.begin();
  if (index == std::ssize(sources)) {
    sources.push_back(name);
  }
  return static_cast<int32_t>(index);
}

void TokenFileBuilder::add(EncodeJob job) {
  jobs_.submit([this, job = std::move(job)](int64_t) {
    return [this, all = job()] {
      for (const EncodedRecord& encoded : all) {
        write_record(encoded);
      }
    };
  });
}

void TokenFileBuilder::add_bad_record(std::exception_ptr error) {
  add([error = std::move(error)] {
    return std::vector<EncodedRecord>{{{}, error}};
  });
}

void TokenFileBuilder::write_record(const EncodedRecord& encoded) {
  progress_.advance(1, bytes_read_note_);
  if (!encoded.exclusion_reason.empty()) {
    count_excluded(encoded.exclusion_reason, 1);
    return;
  }
  if (!encoded.error && encoded.accept && !encoded.accept()) {
    return;
  }
  ++read_;
  if (encoded.error) {
    bad_records_.skip_or_rethrow(encoded.error);
    return;
  }
  count_unknown_pieces(encoded);
  const data::TokenizedDocument& document = encoded.document;
  writer_.append(document);
  data::TaskEntry& task = task_entry(document.task_index);
  out_of_range_[task.spec.name].add_document(encoded.out_of_range,
                                             encoded.location);
  ++task.episode_count;
  task.step_count += static_cast<int64_t>(document.step_offset.size()) - 1;
}

void TokenFileBuilder::set_bytes_read(int64_t bytes) {
  bytes_read_note_ = base::bytes_read_note(bytes);
}

void TokenFileBuilder::count_unknown_pieces(const EncodedRecord& encoded) {
  if (!text_encoder_) {
    return;
  }
  const data::TokenizedDocument& document = encoded.document;
  const int32_t unknown = text_encoder_->unk_id();
  int64_t pieces = 0;
  for (size_t i = 0; i < document.tokens.size(); ++i) {
    pieces += document.tokens[i] == unknown &&
              document.modality[i] == data::Modality::text;
  }
  if (pieces == 0) {
    return;
  }
  if (unknown_pieces_.documents++ == 0) {
    unknown_pieces_.first_location = encoded.location;
  }
  unknown_pieces_.pieces += pieces;
}

void TokenFileBuilder::warn_of_unknown_pieces() const {
  if (unknown_pieces_.documents == 0) {
    return;
  }
  spdlog::warn(
      "the SentencePiece model lacks some characters: unknown pieces {}, in "
      "documents {}, first in {}; use one that was trained on such text, or "
      "with byte fallback (gato-tokenize vocab --byte-fallback on)",
      unknown_pieces_.pieces, unknown_pieces_.documents,
      unknown_pieces_.first_location);
}

void TokenFileBuilder::for_each_task(
    const std::function<void(data::TaskEntry&)>& describe) {
  jobs_.wait_all();
  for (data::TaskEntry& task : tasks_.tasks) {
    describe(task);
  }
}

void TokenFileBuilder::count_excluded(const std::string& reason,
                                      int64_t count) {
  read_ += count;
  add_count(excluded_counts_, reason, count);
}

// Returns a summary of the outcomes of the records that were read.
std::string TokenFileBuilder::outcome_summary(
    const Counts& extra_counts) const {
  std::string text = fmt::format("read {}", read_);
  for (const Counts& counts : {excluded_counts_, extra_counts}) {
    for (const auto& [name, count] : counts) {
      if (count > 0) {
        text += fmt::format(", {} {}", name, count);
      }
    }
  }
  if (bad_records_.skipped() > 0) {
    text += fmt::format(", skipped {}", bad_records_.skipped());
  }
  return text;
}

// A shard may happen to contain no document, and the jobs of the other shards
// must not fail for it. Without shards, an empty file is an error of the user.
void TokenFileBuilder::check_not_empty(const Counts& extra_counts) const {
  if (writer_.document_count() > 0) {
    return;
  }
  if (options_.shard.count == 1) {
    throw base::input_error("the inputs contain no document to write ({})",
                            outcome_summary(extra_counts));
  }
  spdlog::warn(
      "--shard {}/{}: its inputs contain no document to write ({}); the token "
      "file is empty, and gato-pack ignores it",
      options_.shard.number, options_.shard.count,
      outcome_summary(extra_counts));
}

Counts TokenFileBuilder::final_counts(const Counts& extra_counts) const {
  Counts counts{{"read", read_}, {"written", writer_.document_count()}};
  counts.insert(counts.end(), excluded_counts_.begin(), excluded_counts_.end());
  counts.insert(counts.end(), extra_counts.begin(), extra_counts.end());
  if (unknown_pieces_.pieces > 0) {
    counts.emplace_back("unknown_pieces", unknown_pieces_.pieces);
  }
  int64_t out_of_range = 0;
  for (const auto& [task, tally] : out_of_range_) {
    out_of_range += tally.count();
  }
  if (out_of_range > 0) {
    counts.emplace_back("outside_values", out_of_range);
  }
  counts.emplace_back("skipped", bad_records_.skipped());
  return counts;
}

Counts TokenFileBuilder::commit(const Counts& extra_counts) {
  jobs_.wait_all();
  check_not_empty(extra_counts);
  Counts counts = final_counts(extra_counts);
  nlohmann::ordered_json report;
  for (const auto& [name, count] : counts) {
    report[name] = count;
  }
  writer_.commit(tasks_, options_.provenance, report);
  warn_of_unknown_pieces();
  for (const auto& [task, tally] : out_of_range_) {
    tally.warn(task);
  }
  counts.insert(counts.end(),
                {{"tokens", writer_.token_count()},
                 {"patches", writer_.patch_token_count()},
                 {"distinct patches", writer_.distinct_patch_count()}});
  return counts;
}

}  // namespace gato::tokenize

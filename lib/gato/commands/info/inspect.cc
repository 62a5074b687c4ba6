// There is one function per kind, which reads every record with the reader that
// the other programs use, so that whatever they would refuse is found here.
#include "gato/commands/info/inspect.h"

#include <array>
#include <cmath>

#include "gato/base/file_io.h"
#include "gato/commands/info/token_sizes.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/data/file_format.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_file.h"
#include "gato/tokenize/text_encoder.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

// Counts of the tokens of each modality that occurs.
class ModalityCounts {
 public:
  void add(data::Modality modality) {
    ++counts_[static_cast<size_t>(modality)];
  }
  ordered_json to_json() const {
    ordered_json json = ordered_json::object();
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) {
        json[data::kModalityNames[i]] = counts_[i];
      }
    }
    return json;
  }

 private:
  std::array<int64_t, data::kModalityNames.size()> counts_{};
};

ordered_json vocabulary_facts(const data::Vocabulary& vocabulary) {
  const nlohmann::json all = vocabulary.to_json();
  return {{"text_size", all.at("text_size")},
          {"discrete", all.at("discrete")},
          {"size", all.at("size")},
          {"digest", all.at("digest")}};
}

ordered_json task_facts(const data::TaskEntry& task) {
  ordered_json facts = {{"name", task.spec.name}, {"domain", task.spec.domain}};
  if (task.episode_count > 0) {
    facts["episodes"] = task.episode_count;
  }
  if (task.step_count > 0) {
    facts["steps"] = task.step_count;
  }
  if (task.expert_return) {
    facts["expert_return"] = *task.expert_return;
  }
  if (task.random_return) {
    facts["random_return"] = *task.random_return;
  }
  if (!task.filter.is_null()) {
    facts["filter"] = task.filter;
  }
  if (task.settings.size() == 1) {
    facts["settings"] = task.settings.front();
  } else if (!task.settings.empty()) {
    facts["settings"] = task.settings;
  }
  return facts;
}

// Adds {"sizes", "steps_in_length"?, "tokens_in_window"?}, lists with one
// object per task.
void add_size_facts(const std::vector<TokenSizes>& sizes, ordered_json& facts) {
  for (const TokenSizes& task : sizes) {
    facts["sizes"].push_back(task.facts());
  }
  for (const TokenSizes& task : sizes) {
    if (task.has_steps()) {
      facts["steps_in_length"].push_back(task.steps_by_length());
      facts["tokens_in_window"].push_back(task.tokens_by_window());
    }
  }
}

Inspection inspect_token_file(const fs::path& path) {
  const data::TokenFileReader reader(path);
  ModalityCounts modality;
  int64_t images = 0, differing_labels = 0;
  std::vector<TokenSizes> sizes;
  for (const data::TaskEntry& task : reader.tasks().tasks) {
    sizes.emplace_back(task.spec.name);
  }
  std::vector<int64_t> documents(reader.tasks().tasks.size());
  std::vector<int64_t> tokens(documents.size());
  for (int64_t i = 0; i < reader.document_count(); ++i) {
    const data::TokenizedDocument document = reader.document(i);
    const auto task = static_cast<size_t>(document.task_index);
    ++documents[task];
    sizes[task].add(document);
    tokens[task] += std::ssize(document.tokens);
    images += std::ssize(document.images);
    for (size_t j = 0; j < document.tokens.size(); ++j) {
      modality.add(document.modality[j]);
      differing_labels +=
          reader.has_labels() && document.labels[j] != document.tokens[j];
    }
  }
  Inspection result{FileKind::token_file, {}, reader.provenance()};
  ordered_json& facts = result.facts;
  facts = {{"kind", data::kTokenFileFormat.kind},
           {"version", data::kTokenFileFormat.version},
           {"documents", reader.document_count()},
           {"steps", reader.step_count()},
           {"tokens", reader.token_count()},
           {"modality", modality.to_json()},
           {"labels_that_differ", differing_labels},
           {"images", images},
           {"distinct_patches", reader.distinct_patch_count()},
           {"vocabulary", vocabulary_facts(reader.vocabulary())},
           {"sources", reader.tasks().sources}};
  if (!reader.report().is_null()) {
    facts["report"] = reader.report();
  }
  for (size_t i = 0; i < documents.size(); ++i) {
    ordered_json task = task_facts(reader.tasks().tasks[i]);
    task["documents"] = documents[i];
    task["tokens"] = tokens[i];
    facts["tasks"].push_back(task);
  }
  add_size_facts(sizes, facts);
  return result;
}

Inspection inspect_sequence_file(const fs::path& path) {
  const data::SequenceFileReader reader(path);
  struct TaskCounts {
    int64_t sequences = 0, tokens = 0, steps = 0;
  };
  ModalityCounts modality;
  std::vector<TaskCounts> counts(reader.tasks().tasks.size());
  int64_t prompted = 0;
  for (int64_t i = 0; i < reader.sequence_count(); ++i) {
    const data::SequenceView row = reader.row(i);
    TaskCounts& task = counts[static_cast<size_t>(row.task_index)];
    ++task.sequences;
    prompted += row.prompt_mask[0] != 0;
    for (const uint8_t value : row.modality) {
      const auto token = static_cast<data::Modality>(value);
      modality.add(token);
      task.tokens += token != data::Modality::padding;
      task.steps += token == data::Modality::separator;
    }
  }
  Inspection result{FileKind::sequence_file, {}, reader.provenance()};
  ordered_json& facts = result.facts;
  facts = {{"kind", data::kSequenceFileFormat.kind},
           {"version", data::kSequenceFileFormat.version},
           {"sequences", reader.sequence_count()},
           {"length", reader.info().sequence_length},
           {"window_steps", reader.info().window_steps},
           {"labels", reader.info().has_labels},
           {"prompted", prompted},
           {"modality", modality.to_json()},
           {"distinct_patches", reader.distinct_patch_count()},
           {"demonstrations", reader.read_demonstrations().size()},
           {"vocabulary", vocabulary_facts(reader.vocabulary())}};
  if (!reader.report().is_null()) {
    facts["report"] = reader.report();
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    ordered_json task = task_facts(reader.tasks().tasks[i]);
    task["sequences"] = counts[i].sequences;
    task["tokens"] = counts[i].tokens;
    if (counts[i].steps > 0) {
      task["packed_steps"] = counts[i].steps;
      task["tokens_per_step"] = static_cast<double>(counts[i].tokens) /
                                static_cast<double>(counts[i].steps);
    }
    facts["tasks"].push_back(task);
  }
  return result;
}

Inspection inspect_episodes(const fs::path& path, FileKind kind,
                            const ingest::EpisodeSourceOptions& options) {
  const auto source = ingest::open_episodes(path, options);
  int64_t steps = 0, failed = 0, labeled = 0, with_known_success = 0,
          successes = 0;
  CountSummary steps_to_success;
  double total_reward = 0;
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    const data::Episode episode = source->read_episode(i);
    steps += episode.step_count();
    failed += episode.failed;
    labeled += !episode.expert_actions.empty();
    with_known_success += episode.success.has_value();
    successes += episode.success.value_or(false);
    if (const auto steps = data::steps_to_success(episode.infos)) {
      steps_to_success.add(*steps);
    }
    total_reward += episode.total_reward();
  }
  Inspection result{kind, {}, source->provenance()};
  ordered_json& facts = result.facts;
  const data::TaskSpec& spec = source->spec();
  facts = {{"kind", kind_identifier(kind)},
           {"task", spec.name},
           {"domain", spec.domain},
           {"environment", spec.environment},
           {"source", source->agent()},
           {"episodes", source->episode_count()},
           {"steps", steps},
           {"failed", failed},
           {"with_expert_actions", labeled}};
  if (!spec.settings.is_null()) {
    facts["settings"] = spec.settings;
  }
  if (with_known_success > 0) {
    facts["successes"] = successes;
    if (steps_to_success.count > 0) {
      facts["steps_to_success"] = steps_to_success.to_json();
    }
  }
  if (source->episode_count() > 0 && !std::isnan(total_reward)) {
    facts["mean_return"] =
        total_reward / static_cast<double>(source->episode_count());
  }
  for (const auto& [key, fields] :
       {std::pair{"observation", &spec.observation_fields},
        std::pair{"action", &spec.action_fields}}) {
    facts[key] = ordered_json::array();
    for (const data::Field& field : *fields) {
      ordered_json entry = {{"name", field.name},
                            {"role", data::role_name(field.role)}};
      if (field.role != data::Role::text) {
        entry["dtype"] = data::dtype_name(field.dtype);
        entry["shape"] = field.shape;
      }
      facts[key].push_back(entry);
    }
  }
  return result;
}

Inspection inspect_text_model(const fs::path& path) {
  const tokenize::TextEncoder encoder(base::read_file(path));
  Inspection result{FileKind::text_model, {}, nullptr};
  result.facts = {{"kind", "sentencepiece"}, {"pieces", encoder.size()}};
  return result;
}

}  // namespace

Inspection inspect(const fs::path& path,
                   const ingest::EpisodeSourceOptions& options) {
  const fs::path checkpoint = data::resolve_checkpoint_reference(path);
  if (checkpoint != path) {
    return inspect_model(checkpoint);
  }
  const FileKind kind = detect_file_kind(path);
  switch (kind) {
    case FileKind::token_file:
      return inspect_token_file(path);
    case FileKind::sequence_file:
      return inspect_sequence_file(path);
    case FileKind::minari:
    case FileKind::d4rl:
    case FileKind::robomimic:
      return inspect_episodes(path, kind, options);
    case FileKind::model:
      return inspect_model(path);
    case FileKind::run:
      return inspect_run(path);
    case FileKind::text_model:
      try {
        return inspect_text_model(path);
      } catch (const base::Error& error) {
        if (error.status() == base::ExitStatus::io) {
          throw;
        }
        throw base::input_error(
            "{}: unknown kind of file: not HDF5, JSON, safetensors or a "
            "SentencePiece model; it may be truncated",
            path.string());
      }
    case FileKind::safetensors:
      return inspect_safetensors(path);
    case FileKind::recording:
      return inspect_recording(path);
    case FileKind::json:
      break;
  }
  return inspect_json(path);
}

}  // namespace gato::commands

#include "gato/ingest/episodes/minari_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/space.h"
#include "gato/ingest/episodes/minari_files.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

// The Minari release whose format is written. Minari rejects versions that it
// does not know.
constexpr const char* kMinariVersion = "0.5.3";

// Returns a dataset id that Minari can parse: words of letters, digits, '_' and
// '-'.
std::string minari_dataset_id(const data::TaskSpec& spec,
                              const std::string& source) {
  const auto words = [](std::string text) {
    for (char& c : text) {
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' &&
          c != '-' && c != '/') {
        c = '-';
      }
    }
    const size_t first = text.find_first_not_of('/');
    return first == std::string::npos ? std::string("task")
                                      : text.substr(first);
  };
  const std::string task = words(spec.name);
  const std::string agent = source.empty() ? "unknown" : words(source);
  return fmt::format("gato/{}/{}-v0", task,
                     agent.substr(agent.find_last_of('/') + 1));
}

void write_column(data::hdf5::Group& parent, const std::string& path,
                  const data::FieldColumn& column) {
  const auto parts = data::split_path(path);
  data::hdf5::Group subgroup;
  data::hdf5::Group* group = &parent;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    subgroup = group->get_or_create_group(parts[i]);
    group = &subgroup;
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    group->write_texts(parts.back(), *texts);
  } else {
    group->write_array(parts.back(), std::get<data::Array>(column));
  }
}

// Writes to `name` if the space is bare, otherwise to name/FIELD.
void write_columns(data::hdf5::Group& parent, const std::string& name,
                   const std::vector<data::Field>& fields,
                   const std::string& bare_name,
                   const std::vector<data::FieldColumn>& columns) {
  assert(fields.size() == columns.size());
  if (data::is_bare_space(fields, bare_name)) {
    write_column(parent, name, columns[0]);
    return;
  }
  data::hdf5::Group group = parent.get_or_create_group(name);
  for (size_t i = 0; i < fields.size(); ++i) {
    write_column(group, fields[i].name, columns[i]);
  }
}

data::Array float64_array(const std::vector<double>& values) {
  data::Array array = data::Array::zeros(data::DType::float64,
                                         {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), array.data<double>());
  return array;
}

// Returns one flag per step; all are false if `values` is empty.
data::Array boolean_array(const std::vector<uint8_t>& values, int64_t steps) {
  data::Array array = data::Array::zeros(data::DType::boolean, {steps});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set_integer(static_cast<int64_t>(i), values[i] != 0);
  }
  return array;
}

// Writes the attributes that Minari's EpisodeMetadataCallback writes.
void write_statistics(data::hdf5::Group& group,
                      const std::vector<double>& rewards) {
  if (rewards.empty()) {
    return;
  }
  const auto count = static_cast<double>(rewards.size());
  const double sum = std::accumulate(rewards.begin(), rewards.end(), 0.0);
  double squares = 0;
  for (double reward : rewards) {
    squares += (reward - sum / count) * (reward - sum / count);
  }
  const auto [min, max] = std::minmax_element(rewards.begin(), rewards.end());
  group.set_attribute("rewards_sum", sum);
  group.set_attribute("rewards_mean", sum / count);
  group.set_attribute("rewards_std", std::sqrt(squares / count));
  group.set_attribute("rewards_max", *max);
  group.set_attribute("rewards_min", *min);
}

// Returns a file in `directory` that is neither part of a dataset nor a
// directory of datasets.
std::optional<fs::path> find_foreign_file(const fs::path& directory) {
  const bool is_dataset = fs::exists(directory / "data" / kMinariDataFile);
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (is_dataset && entry.path().filename() == "data") {
      for (const auto& file : fs::directory_iterator(entry.path())) {
        const fs::path name = file.path().filename();
        if (name != kMinariDataFile && name != kMinariMetadataFile) {
          return file.path();
        }
      }
      continue;
    }
    if (is_dataset || !entry.is_directory() || entry.is_symlink()) {
      return entry.path();
    }
    if (auto foreign = find_foreign_file(entry.path())) {
      return foreign;
    }
  }
  return std::nullopt;
}

}  // namespace

void require_only_minari_datasets(const fs::path& directory) {
  if (!fs::is_directory(directory)) {
    return;
  }
  if (const auto foreign = find_foreign_file(directory)) {
    throw base::usage_error(
        "{} contains {}, which is not a dataset: --force only replaces "
        "datasets: choose another name",
        directory.string(), foreign->lexically_relative(directory).string());
  }
}

struct MinariWriter::Impl {
  Impl(const fs::path& directory, bool force, const MinariDatasetInfo& info,
       const fs::path& reported)
      : output(directory, force, base::AtomicOutput::Kind::directory),
        info(info) {
    std::error_code error;
    fs::create_directory(output.temporary_path() / "data", error);
    if (error) {
      throw base::io_error("{}: cannot create: {}", reported.string(),
                           error.message());
    }
    root = data::hdf5::create_file(
        output.temporary_path() / "data" / kMinariDataFile,
        reported / "data" / kMinariDataFile, data::hdf5::Alignment::none);
  }

  void update_text_bounds(const std::vector<data::FieldColumn>& columns);
  void write_root_attributes(const data::Provenance& provenance);
  std::string metadata() const;

  base::AtomicOutput output;
  MinariDatasetInfo info;
  data::hdf5::Group root;
  int64_t episode_count = 0, step_count = 0;
  int64_t max_text_length = 0;
  std::set<std::string> extra_characters;  // other than printable ASCII
  std::set<std::string> warned_infos;      // ignored infos
};

// Returns whether infos/NAME can be a dataset: it must conflict neither with
// expert_action nor with infos that need a group of this name.
bool is_valid_info_name(
    const std::string& name,
    const std::map<std::string, std::vector<double>>& infos) {
  const auto below = infos.lower_bound(name + "/");
  const bool is_folder =
      below != infos.end() && below->first.starts_with(name + "/");
  return data::is_valid_hdf5_path(name) &&
         data::split_path(name).front() != "expert_action" && !is_folder;
}

void MinariWriter::Impl::update_text_bounds(
    const std::vector<data::FieldColumn>& columns) {
  for (const data::FieldColumn& column : columns) {
    const auto* texts = std::get_if<std::vector<std::string>>(&column);
    if (texts == nullptr) {
      continue;
    }
    for (const std::string& text : *texts) {
      const auto characters = utf8_characters(text);
      max_text_length = std::max(max_text_length, std::ssize(characters));
      for (const std::string& character : characters) {
        const bool is_printable =
            character.size() == 1 && character[0] >= ' ' && character[0] <= '~';
        if (!is_printable) {
          extra_characters.insert(character);
        }
      }
    }
  }
}

void MinariWriter::Impl::write_root_attributes(
    const data::Provenance& provenance) {
  const auto set = [this](const char* name, const std::string& text) {
    if (!text.empty()) {
      root.set_attribute(name, text);
    }
  };
  set("gato_task", info.spec.name);
  set("gato_domain", info.spec.domain);
  set("gato_source", info.source);
  set("gato_environment", info.spec.environment);
  if (!info.spec.settings.is_null()) {
    set("gato_settings", info.spec.settings.dump());
  }
  for (const auto& [name, value] : info.attributes.items()) {
    if (value.is_number_integer()) {
      root.set_attribute(name.c_str(), value.get<int64_t>());
    } else {
      set(name.c_str(), value.dump());
    }
  }
  if (provenance.enabled) {
    set("gato_provenance", provenance.to_json().dump());
  }
}

std::string MinariWriter::Impl::metadata() const {
  std::string extra;
  for (const std::string& character : extra_characters) {
    extra += character;
  }
  const auto space = [&](const std::vector<data::Field>& fields,
                         const char* bare_name) {
    return data::space_to_json(
        data::unflatten_space(fields, bare_name, max_text_length, extra));
  };
  const auto bytes =
      fs::file_size(output.temporary_path() / "data" / kMinariDataFile);
  const nlohmann::ordered_json metadata = {
      {"total_episodes", episode_count},
      {"total_steps", step_count},
      {"data_format", "hdf5"},
      {"jpeg_encoding", false},
      {"observation_space", space(info.spec.observation_fields, "observation")},
      {"action_space", space(info.spec.action_fields, "action")},
      {"dataset_id", minari_dataset_id(info.spec, info.source)},
      {"algorithm_name", info.source},
      {"minari_version", kMinariVersion},
      {"dataset_size", std::round(static_cast<double>(bytes) / 1e5) / 10}};
  return metadata.dump(2) + "\n";
}

MinariWriter::MinariWriter(const fs::path& directory, bool force,
                           const MinariDatasetInfo& info,
                           const fs::path& reported)
    : impl_(std::make_unique<Impl>(directory, force, info,
                                   reported.empty() ? directory : reported)) {}

MinariWriter::~MinariWriter() = default;

int64_t MinariWriter::episode_count() const { return impl_->episode_count; }

void MinariWriter::append(const data::Episode& episode) {
  Impl& dataset = *impl_;
  const data::TaskSpec& spec = dataset.info.spec;
  const int64_t steps = episode.step_count();
  data::hdf5::Group group = dataset.root.create_group(
      fmt::format("episode_{}", dataset.episode_count));
  group.set_attribute("id", dataset.episode_count);
  group.set_attribute("total_steps", steps);
  if (episode.seed) {
    group.set_attribute("seed", *episode.seed);
  }
  write_statistics(group, episode.rewards);
  if (episode.failed) {
    group.set_attribute("gato_failed", true);
  }
  if (!episode.failure.empty()) {
    group.set_attribute("gato_failure", episode.failure);
  }
  if (episode.success) {
    group.set_attribute("gato_success", *episode.success);
  }

  write_columns(group, "observations", spec.observation_fields, "observation",
                episode.observations);
  write_columns(group, "actions", spec.action_fields, "action",
                episode.actions);
  data::Array rewards = float64_array(episode.rewards);
  if (episode.rewards.empty()) {
    rewards = data::Array::zeros(data::DType::float64, {steps});
  }
  group.write_array("rewards", rewards);
  group.write_array("terminations", boolean_array(episode.terminations, steps));
  group.write_array("truncations", boolean_array(episode.truncations, steps));

  data::hdf5::Group infos = group.create_group("infos");
  if (!episode.expert_actions.empty()) {
    write_columns(infos, "expert_action", spec.action_fields, "action",
                  episode.expert_actions);
  }
  for (const auto& [name, values] : episode.infos) {
    if (is_valid_info_name(name, episode.infos)) {
      write_column(infos, name, float64_array(values));
    } else if (dataset.warned_infos.insert(name).second) {
      spdlog::warn(
          "{}: the info '{}' is not written: its name is invalid or conflicts "
          "with another one",
          spec.name, name);
    }
  }
  dataset.update_text_bounds(episode.observations);
  dataset.update_text_bounds(episode.actions);
  ++dataset.episode_count;
  dataset.step_count += steps;
}

void MinariWriter::commit(const data::Provenance& provenance) {
  Impl& dataset = *impl_;
  dataset.write_root_attributes(provenance);
  data::hdf5::close_file(std::move(dataset.root));
  base::write_file(
      dataset.output.temporary_path() / "data" / kMinariMetadataFile,
      dataset.metadata(), false);
  dataset.output.commit();
}

}  // namespace gato::ingest

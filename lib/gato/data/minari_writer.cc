#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/hdf5.h"
#include "gato/data/minari.h"
#include "gato/data/nesting.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// The Minari release whose files these are; it refuses versions that it does
// not list.
constexpr const char* minari_version = "0.5.3";

// The UTF-8 characters of a text; bytes that are no UTF-8 are left out.
std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    bool whole = length > 0 && i + length <= text.size();
    for (size_t j = 1; whole && j < length; ++j) {
      whole = (static_cast<unsigned char>(text[i + j]) & 0xC0) == 0x80;
    }
    if (whole) characters.push_back(text.substr(i, length));
    i += whole ? length : 1;
  }
  return characters;
}

// A dataset id that Minari parses: words of letters, digits, '_' and '-'.
std::string dataset_id(const TaskSpec& spec, const std::string& source) {
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

void write_column(hdf5::Group& parent, const std::string& path,
                  const Column& column) {
  const auto parts = split_path(path);
  hdf5::Group made;
  hdf5::Group* group = &parent;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    made = group->require_group(parts[i]);
    group = &made;
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    group->write_texts(parts.back(), *texts);
  } else {
    group->write_array(parts.back(), std::get<Array>(column));
  }
}

// `name` itself where the space is bare, else name/FIELD.
void write_columns(hdf5::Group& parent, const std::string& name,
                   const std::vector<Field>& fields, const std::string& bare,
                   const std::vector<Column>& columns) {
  assert(fields.size() == columns.size());
  if (is_bare(fields, bare)) {
    write_column(parent, name, columns[0]);
    return;
  }
  hdf5::Group group = parent.require_group(name);
  for (size_t i = 0; i < fields.size(); ++i) {
    write_column(group, fields[i].name, columns[i]);
  }
}

Array numbers(const std::vector<double>& values) {
  Array array =
      Array::zeros(DType::float64, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), array.data<double>());
  return array;
}

// One flag a step; none given means false.
Array flags(const std::vector<uint8_t>& values, int64_t steps) {
  Array array = Array::zeros(DType::boolean, {steps});
  for (size_t i = 0; i < values.size(); ++i) {
    array.set_integer(static_cast<int64_t>(i), values[i] != 0);
  }
  return array;
}

// As Minari's EpisodeMetadataCallback.
void write_statistics(hdf5::Group& group, const std::vector<double>& rewards) {
  if (rewards.empty()) return;
  const auto count = static_cast<double>(rewards.size());
  const double sum = std::accumulate(rewards.begin(), rewards.end(), 0.0);
  double squares = 0;
  for (double reward : rewards) {
    squares += (reward - sum / count) * (reward - sum / count);
  }
  const auto [least, most] =
      std::minmax_element(rewards.begin(), rewards.end());
  group.set_attribute("rewards_sum", sum);
  group.set_attribute("rewards_mean", sum / count);
  group.set_attribute("rewards_std", std::sqrt(squares / count));
  group.set_attribute("rewards_max", *most);
  group.set_attribute("rewards_min", *least);
}

constexpr const char* data_file = "data/main_data.hdf5";

// Something within that is neither a dataset nor a folder of datasets.
std::optional<fs::path> stranger_in(const fs::path& directory) {
  const bool is_dataset = fs::exists(directory / data_file);
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (is_dataset && entry.path().filename() == "data") {
      for (const auto& file : fs::directory_iterator(entry.path())) {
        const fs::path name = file.path().filename();
        if (name != "main_data.hdf5" && name != "metadata.json") {
          return file.path();
        }
      }
      continue;
    }
    if (is_dataset || !entry.is_directory() || entry.is_symlink()) {
      return entry.path();
    }
    if (auto stranger = stranger_in(entry.path())) return stranger;
  }
  return std::nullopt;
}

}  // namespace

void check_only_datasets(const fs::path& directory) {
  if (!fs::is_directory(directory)) return;
  if (const auto stranger = stranger_in(directory)) {
    throw usage_error(
        "{} holds {}, which is no dataset: --force replaces datasets only; "
        "choose another name",
        directory.string(), stranger->lexically_relative(directory).string());
  }
}

struct MinariWriter::Impl {
  Impl(const fs::path& directory, bool force,
       const MinariDescription& description, const fs::path& shown)
      : output(directory, force, AtomicOutput::Kind::directory),
        description(description) {
    std::error_code error;
    fs::create_directory(output.temporary() / "data", error);
    if (error) {
      throw io_error("{}: cannot create: {}", shown.string(), error.message());
    }
    root = hdf5::create_file(output.temporary() / data_file, shown / data_file,
                             hdf5::Alignment::none);
  }

  void note_texts(const std::vector<Column>& columns);
  void write_root_attributes(const Provenance& provenance);
  std::string metadata() const;

  AtomicOutput output;
  MinariDescription description;
  hdf5::Group root;
  int64_t episodes = 0, steps = 0;
  int64_t longest_text = 0;
  std::set<std::string> characters;  // beyond ASCII
  std::set<std::string> infos_left;  // that were told
};

// Whether infos/NAME can be a dataset: beside expert_action, and beside infos
// that have its name for a folder.
bool is_writable(const std::string& name,
                 const std::map<std::string, std::vector<double>>& infos) {
  const auto below = infos.lower_bound(name + "/");
  const bool is_folder =
      below != infos.end() && below->first.starts_with(name + "/");
  return is_path(name) && split_path(name).front() != "expert_action" &&
         !is_folder;
}

void MinariWriter::Impl::note_texts(const std::vector<Column>& columns) {
  for (const Column& column : columns) {
    const auto* texts = std::get_if<std::vector<std::string>>(&column);
    if (texts == nullptr) continue;
    for (const std::string& text : *texts) {
      const auto all = characters_of(text);
      longest_text = std::max(longest_text, static_cast<int64_t>(all.size()));
      for (const std::string& character : all) {
        const bool printable =
            character.size() == 1 && character[0] >= ' ' && character[0] <= '~';
        if (!printable) characters.insert(character);
      }
    }
  }
}

void MinariWriter::Impl::write_root_attributes(const Provenance& provenance) {
  const auto set = [this](const char* name, const std::string& text) {
    if (!text.empty()) root.set_attribute(name, text);
  };
  set("gato_task", description.spec.name);
  set("gato_domain", description.spec.domain);
  set("gato_source", description.source);
  set("gato_environment", description.spec.environment);
  if (provenance.enabled) {
    set("gato_provenance", provenance.to_json().dump());
  }
}

std::string MinariWriter::Impl::metadata() const {
  std::string extra;
  for (const std::string& character : characters) extra += character;
  const auto space = [&](const std::vector<Field>& fields, const char* bare) {
    return space_to_json(nest(fields, bare, longest_text, extra));
  };
  const auto bytes = fs::file_size(output.temporary() / data_file);
  const nlohmann::ordered_json metadata = {
      {"total_episodes", episodes},
      {"total_steps", steps},
      {"data_format", "hdf5"},
      {"jpeg_encoding", false},
      {"observation_space", space(description.spec.observation, "observation")},
      {"action_space", space(description.spec.action, "action")},
      {"dataset_id", dataset_id(description.spec, description.source)},
      {"algorithm_name", description.source},
      {"minari_version", minari_version},
      {"dataset_size", std::round(static_cast<double>(bytes) / 1e5) / 10}};
  return metadata.dump(2) + "\n";
}

MinariWriter::MinariWriter(const fs::path& directory, bool force,
                           const MinariDescription& description,
                           const fs::path& shown)
    : impl_(std::make_unique<Impl>(directory, force, description,
                                   shown.empty() ? directory : shown)) {}

MinariWriter::~MinariWriter() = default;

int64_t MinariWriter::episodes() const { return impl_->episodes; }

void MinariWriter::append(const Episode& episode) {
  Impl& dataset = *impl_;
  const TaskSpec& spec = dataset.description.spec;
  const int64_t steps = episode.steps();
  hdf5::Group group =
      dataset.root.create_group(fmt::format("episode_{}", dataset.episodes));
  group.set_attribute("id", dataset.episodes);
  group.set_attribute("total_steps", steps);
  if (episode.seed) group.set_attribute("seed", *episode.seed);
  write_statistics(group, episode.rewards);
  if (episode.failed) group.set_attribute("gato_failed", true);
  if (episode.success) group.set_attribute("gato_success", *episode.success);

  write_columns(group, "observations", spec.observation, "observation",
                episode.observations);
  write_columns(group, "actions", spec.action, "action", episode.actions);
  Array rewards = numbers(episode.rewards);
  if (episode.rewards.empty()) rewards = Array::zeros(DType::float64, {steps});
  group.write_array("rewards", rewards);
  group.write_array("terminations", flags(episode.terminations, steps));
  group.write_array("truncations", flags(episode.truncations, steps));

  hdf5::Group infos = group.create_group("infos");
  if (!episode.expert_actions.empty()) {
    write_columns(infos, "expert_action", spec.action, "action",
                  episode.expert_actions);
  }
  for (const auto& [name, values] : episode.infos) {
    if (is_writable(name, episode.infos)) {
      write_column(infos, name, numbers(values));
    } else if (dataset.infos_left.insert(name).second) {
      spdlog::warn(
          "{}: the info '{}' is left out: no dataset can have this name",
          spec.name, name);
    }
  }
  dataset.note_texts(episode.observations);
  dataset.note_texts(episode.actions);
  ++dataset.episodes;
  dataset.steps += steps;
}

void MinariWriter::commit(const Provenance& provenance) {
  Impl& dataset = *impl_;
  dataset.write_root_attributes(provenance);
  hdf5::close_file(std::move(dataset.root));
  write_file(dataset.output.temporary() / "data" / "metadata.json",
             dataset.metadata(), false);
  dataset.output.commit();
}

}  // namespace gato

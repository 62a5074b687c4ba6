#include "gato/commands/rollout/control_recording.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"
#include "gato/cli/option_value.h"
#include "gato/cli/toml_config.h"
#include "gato/commands/shard_range.h"

namespace gato::commands {
namespace {

using nlohmann::json;

// Returns the value as it is after it was written to a file.
json normalize(const json& value) {
  return json::parse(
      value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string option_text(const json& value) {
  const std::string text = cli::value_to_text(value);
  return text.empty() ? "absent" : text;
}

// Returns the input files that differ, or an empty string.
std::string find_changed_input(const json& earlier, const json& now) {
  if (earlier.size() != now.size()) {
    return "the input files differ";
  }
  for (size_t i = 0; i < now.size(); ++i) {
    if (earlier[i].value("digest", "") != now[i].value("digest", "")) {
      return fmt::format("the content of {} has changed",
                         now[i].value("path", "an input"));
    }
  }
  return "";
}

std::string find_changed_task(const json& earlier, const json& now) {
  if (earlier.size() != now.size()) {
    return "the tasks differ";
  }
  for (size_t i = 0; i < now.size(); ++i) {
    const std::string name = now[i].value("name", "");
    if (earlier[i].value("name", "") != name) {
      return fmt::format("the task '{}' is now '{}'",
                         earlier[i].value("name", ""), name);
    }
    for (const char* key : {"observation", "action"}) {
      if (earlier[i].value(key, json()) != now[i].value(key, json())) {
        return fmt::format(
            "the environment of '{}' declares different {}s than before", name,
            key);
      }
    }
  }
  return "";
}

}  // namespace

std::filesystem::path recording_path(const std::filesystem::path& output) {
  std::filesystem::path path = output;
  if (!path.has_filename()) {
    path = path.parent_path();  // "DIR/"
  }
  return path += ".partial";
}

rollout::BatchPlan plan_shard(const RolloutControlOptions& options,
                              const base::Shard& shard) {
  if (options.model) {
    const rollout::BatchPlan plan =
        rollout::plan_batches(options.episodes, options.batch_size);
    const base::Shard::Range range =
        nonempty_shard_range(shard, std::ssize(plan),
                             "batches, which the shards of a model divide: a "
                             "smaller --batch gives more");
    return {plan.begin() + range.first, plan.begin() + range.last};
  }
  const base::Shard::Range range =
      nonempty_shard_range(shard, options.episodes, "episodes");
  std::vector<int64_t> episodes;
  for (int64_t episode = range.first; episode < range.last; ++episode) {
    episodes.push_back(episode);
  }
  return rollout::plan_batches(episodes, options.batch_size);
}

int64_t count_episodes(const rollout::BatchPlan& plan) {
  int64_t count = 0;
  for (const std::vector<int64_t>& batch : plan) {
    count += std::ssize(batch);
  }
  return count;
}

rollout::BatchPlan join_batches(const RolloutControlOptions& options,
                                const rollout::BatchPlan& shard_plan,
                                int64_t threads) {
  if (!options.model) {
    return shard_plan;
  }
  // A run that is stopped plays its incomplete batches again, which is why they
  // do not get longer.
  constexpr int64_t kMaxJoined = 4;
  const int64_t count = std::ssize(shard_plan);
  const int64_t joined_count =
      std::min(count, std::max(threads, (count + kMaxJoined - 1) / kMaxJoined));
  rollout::BatchPlan plan(static_cast<size_t>(joined_count));
  for (int64_t i = 0; i < count; ++i) {
    std::vector<int64_t>& batch = plan[i * joined_count / count];
    batch.insert(batch.end(), shard_plan[i].begin(), shard_plan[i].end());
  }
  return plan;
}

rollout::BatchPlan plan_missing(const RolloutControlOptions& options,
                                const rollout::BatchPlan& plan,
                                const rollout::Recording& recording,
                                const std::string& task,
                                const std::vector<int64_t>& to_film) {
  const auto is_missing = [&](int64_t episode) {
    return std::ranges::binary_search(to_film, episode) ||
           !recording.has_episode(task, episode);
  };
  rollout::BatchPlan missing;
  std::vector<int64_t> episodes;
  for (const std::vector<int64_t>& batch : plan) {
    if (options.model && std::ranges::any_of(batch, is_missing)) {
      missing.push_back(batch);
    }
    std::ranges::copy_if(batch, std::back_inserter(episodes), is_missing);
  }
  return options.model ? missing
                       : rollout::plan_batches(episodes, options.batch_size);
}

json recording_start(const data::Provenance& provenance,
                     const std::vector<data::TaskSpec>& tasks,
                     int64_t threads) {
  json start = provenance.to_json();
  start["threads"] = threads;
  for (const data::TaskSpec& task : tasks) {
    data::TaskEntry entry;
    entry.spec = task;
    data::add_settings(entry, task.settings);
    start["tasks"].push_back(data::task_to_json(entry));
  }
  return normalize(start);
}

int64_t recorded_threads(const json& start) {
  return start.value("threads", int64_t{1});
}

std::string find_changed_setting(const cli::OptionTable& table,
                                 const json& earlier, const json& now) {
  json before = cli::default_configuration(table);
  before.update(earlier.value("configuration", json::object()));
  const json fixed = cli::fixed_configuration(table, now.at("configuration"));
  for (const auto& [name, value] : fixed.items()) {
    if (before[name] != value) {
      return fmt::format("--{} was {} and is now {}", name,
                         option_text(before[name]), option_text(value));
    }
  }
  const json none = json::array();
  std::string change = find_changed_input(earlier.value("inputs", none),
                                          now.value("inputs", none));
  if (change.empty() && earlier.contains("tasks")) {
    change = find_changed_task(earlier["tasks"], now.value("tasks", none));
  }
  return change;
}

data::Provenance resumed_provenance(const cli::OptionTable& table,
                                    data::Provenance now, const json& start) {
  json configuration = start.at("configuration");
  for (const auto& option : table.options()) {
    if (option->is_in_config &&
        table.on_resume(*option) == cli::OnResume::may_change) {
      configuration[option->name] = now.configuration.at(option->name);
    }
  }
  now.argv = start.at("argv").get<std::vector<std::string>>();
  now.version = start.at("version").get<std::string>();
  now.configuration = std::move(configuration);
  now.inputs = start.at("inputs");
  now.parents = start.at("parents");
  return now;
}

}  // namespace gato::commands

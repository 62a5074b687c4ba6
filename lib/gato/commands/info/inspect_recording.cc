// Inspects the episodes that an interrupted gato-rollout control has kept.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "gato/base/string_util.h"
#include "gato/commands/info/inspect.h"
#include "gato/data/lenient_json.h"
#include "gato/data/recording_file.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

class FileDescriptor {
 public:
  explicit FileDescriptor(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
      throw base::io_error("{}: cannot read: {}", path.string(),
                           std::strerror(errno));
    }
  }
  ~FileDescriptor() { ::close(descriptor_); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// Returns whether a process is recording to the file, which it has locked.
bool is_locked(int descriptor) {
  if (::flock(descriptor, LOCK_SH | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK;
  }
  ::flock(descriptor, LOCK_UN);
  return false;
}

// Returns the command line that continues the run, as a shell reads it.
std::string resuming_command(const json& start) {
  auto words = start.at("argv").get<std::vector<std::string>>();
  if (std::find(words.begin(), words.end(), "--resume") == words.end()) {
    words.emplace_back("--resume");
  }
  return base::shell_join(words);
}

// Returns {"tasks", "episodes_per_task", "shard"?}.
ordered_json plan_facts(const data::RecordingIndex& index) {
  std::map<std::string, int64_t> episodes;
  for (const auto& [key, record] : index.episodes) {
    ++episodes[key.first];
  }
  ordered_json facts;
  for (const json& task : index.start.at("tasks")) {
    const auto name = task.at("name").get<std::string>();
    facts["tasks"].push_back({{"name", name}, {"episodes", episodes[name]}});
  }
  const json& configuration = index.start.at("configuration");
  facts["episodes_per_task"] = configuration.at("episodes");
  if (const std::string shard = configuration.value("shard", "");
      !shard.empty() && shard != "1/1") {
    facts["shard"] = shard;
  }
  return facts;
}

}  // namespace

Inspection inspect_recording(const fs::path& path) {
  const FileDescriptor file(path);
  const bool is_in_use = is_locked(file.get());
  const data::RecordingIndex index =
      data::read_recording_index(file.get(), path);
  Inspection result{FileKind::recording, {}, index.start};
  try {
    result.facts = {{"kind", data::kRecordingFormat.kind},
                    {"version", data::kRecordingFormat.version},
                    {"in_use", is_in_use},
                    {"episodes", index.episodes.size()},
                    {"has_film", index.video.has_value()},
                    {"bytes", index.end},
                    {"incomplete_bytes", index.size - index.end}};
    result.facts.update(plan_facts(index));
    result.unfinished =
        is_in_use
            ? fmt::format(
                  "{}: gato-rollout control is recording to it; the datasets "
                  "are written when all episodes have been played",
                  path.string())
            : fmt::format(
                  "{}: the run was interrupted before all episodes had been "
                  "played: continue it with: {}",
                  path.string(), resuming_command(index.start));
  } catch (const json::exception& error) {
    throw base::input_error("{}: its first line is corrupt: {}", path.string(),
                            data::describe_json_error(error));
  }
  return result;
}

}  // namespace gato::commands

#include "gato/ingest/episodes/selected_episodes.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/json_fields.h"
#include "gato/ingest/json_record.h"

namespace gato::ingest {
namespace {

namespace fs = std::filesystem;

// The episodes of another source with these indices.
class SelectedEpisodes : public EpisodeSource {
 public:
  SelectedEpisodes(std::unique_ptr<EpisodeSource> source,
                   std::vector<int64_t> indices)
      : source_(std::move(source)), indices_(std::move(indices)) {}

  const data::TaskSpec& spec() const override { return source_->spec(); }
  std::string agent() const override { return source_->agent(); }
  nlohmann::json provenance() const override { return source_->provenance(); }
  fs::path file() const override { return source_->file(); }
  std::vector<std::string> warnings() const override {
    return source_->warnings();
  }
  int64_t episode_count() const override { return std::ssize(indices_); }
  int64_t episode_number(int64_t i) const override {
    return source_->episode_number(index(i));
  }
  data::Episode read_partial_episode(int64_t i,
                                     DeferredReads& deferred) override {
    return source_->read_partial_episode(index(i), deferred);
  }

 private:
  int64_t index(int64_t i) const { return indices_.at(static_cast<size_t>(i)); }

  const std::unique_ptr<EpisodeSource> source_;
  const std::vector<int64_t> indices_;
};

// The contents of a list.
struct EpisodeList {
  fs::path dataset;
  std::vector<int64_t> numbers;
};

EpisodeList read_list(const fs::path& path) {
  const nlohmann::json json = parse_json_object(base::read_file(path));
  EpisodeList list;
  list.dataset = data::string_at(json, "dataset");
  std::error_code ignored;
  if (list.dataset.is_relative() && !fs::exists(list.dataset, ignored)) {
    list.dataset = path.parent_path() / list.dataset;
  }
  const auto episodes = json.find("episodes");
  if (episodes == json.end() || !episodes->is_array()) {
    throw base::input_error("key 'episodes' is not a list of numbers");
  }
  std::set<int64_t> seen;
  for (const nlohmann::json& episode : *episodes) {
    const int64_t number = data::json_integer(episode);
    if (!seen.insert(number).second) {
      throw base::input_error("episode {} is listed twice", number);
    }
    list.numbers.push_back(number);
  }
  return list;
}

}  // namespace

bool is_episode_list(const fs::path& path) {
  std::error_code ignored;
  return path.extension() == ".json" && fs::is_regular_file(path, ignored);
}

std::unique_ptr<EpisodeSource> open_episode_list(
    const fs::path& path, const EpisodeSourceOptions& options) {
  const EpisodeList list =
      base::with_context(path.string(), [&] { return read_list(path); });
  std::unique_ptr<EpisodeSource> source = open_episodes(list.dataset, options);
  std::map<int64_t, int64_t> indices;  // by number
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    indices[source->episode_number(i)] = i;
  }
  std::vector<int64_t> selected;
  for (const int64_t number : list.numbers) {
    const auto found = indices.find(number);
    if (found == indices.end()) {
      throw base::input_error("{}: {} has no episode {}", path.string(),
                              list.dataset.string(), number);
    }
    selected.push_back(found->second);
  }
  return std::make_unique<SelectedEpisodes>(std::move(source),
                                            std::move(selected));
}

}  // namespace gato::ingest

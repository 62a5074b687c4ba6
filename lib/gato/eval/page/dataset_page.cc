#include "gato/eval/page/dataset_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/eval/page/data_url.h"
#include "gato/eval/page/episode_video.h"
#include "gato/eval/page/view_page.h"
#include "gato/ingest/utf8.h"

namespace gato::eval {
namespace {

constexpr int64_t kMaxFirstFrames = 12;
constexpr size_t kMaxTextBytes = 200;

// The values of a numeric field in all episodes.
struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(const data::Array& column) {
    for (int64_t i = 0; i < column.size(); ++i) {
      const double x = column.as_double(i);
      low = std::min(low, x);
      high = std::max(high, x);
    }
  }
};

std::string bounds_text(const std::vector<double>& bounds, bool is_low) {
  if (bounds.empty()) {
    return "";
  }
  const double bound =
      is_low ? std::ranges::min(bounds) : std::ranges::max(bounds);
  return std::isinf(bound) || std::abs(bound) >= 3e38 ? "none"
                                                      : short_number(bound);
}

std::string space_text(const data::Field& field) {
  if (!field.n.empty()) {
    return field.n.size() == 1
               ? fmt::format("{} values", field.n.front())
               : fmt::format("{} to {} values", std::ranges::min(field.n),
                             std::ranges::max(field.n));
  }
  if (field.low.empty()) {
    return "";
  }
  return fmt::format("{} to {}", bounds_text(field.low, true),
                     bounds_text(field.high, false));
}

class DatasetPage {
 public:
  DatasetPage(ingest::EpisodeSource& source, int64_t max_bytes)
      : source_(source),
        spec_(source.spec()),
        max_bytes_(max_bytes),
        observation_ranges_(spec_.observation_fields.size()),
        action_ranges_(spec_.action_fields.size()) {}

  void read(base::ProgressDisplay* display) {
    base::Progress progress(display, "read", "episodes",
                            source_.episode_count());
    for (int64_t i = 0; i < source_.episode_count(); ++i) {
      if (const auto episode = try_read(i)) {
        add(*episode, i);
      }
      progress.advance();
    }
  }

  std::vector<HtmlSection> sections(const std::vector<Finding>& findings) {
    std::vector<HtmlSection> sections = {{"Overview", overview()},
                                         findings_section(findings)};
    if (!lengths_.empty()) {
      sections.push_back(
          {"Episodes", "<div class=\"pair\">\n" +
                           histogram(returns_, "return per episode") +
                           histogram(lengths_, "steps per episode") +
                           "</div>\n"});
    }
    sections.push_back({"Keys", keys()});
    if (!first_frames_.empty()) {
      sections.push_back(
          {"First observations",
           "<div class=\"frames\">\n" + first_frames_ + "</div>\n"});
    }
    if (const auto index = video_episode()) {
      if (const auto episode = try_read(*index)) {
        sections.push_back(
            {video_title(*episode),
             episode_video(*episode, spec_, max_bytes_ * 6 / 10)});
      }
    }
    return sections;
  }

 private:
  std::optional<data::Episode> try_read(int64_t i) {
    try {
      return source_.read_episode(i);
    } catch (const base::Error& error) {
      if (error.status() != base::ExitStatus::bad_input) {
        throw;
      }
      return std::nullopt;  // the findings name it
    }
  }

  void add(const data::Episode& episode, int64_t index) {
    failed_ += episode.failed;
    if (episode.failed || episode.step_count() == 0) {
      return;
    }
    const double total = episode.total_reward();
    lengths_.push_back(static_cast<double>(episode.step_count()));
    returns_.push_back(total);
    steps_ += episode.step_count();
    with_success_ += episode.success.has_value();
    successes_ += episode.success.value_or(false);
    indices_.push_back(index);
    add_ranges(episode.observations, observation_ranges_);
    add_ranges(episode.actions, action_ranges_);
    if (shown_episodes_ < kMaxFirstFrames &&
        static_cast<int64_t>(first_frames_.size()) < max_bytes_ / 4) {
      ++shown_episodes_;
      add_first_frames(episode);
    }
  }

  static void add_ranges(const std::vector<data::FieldColumn>& columns,
                         std::vector<Range>& ranges) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto* array = std::get_if<data::Array>(&columns[i]);
      // The bytes of images are not interesting.
      if (array != nullptr && array->dtype != data::DType::uint8) {
        ranges[i].add(*array);
      } else if (array != nullptr) {
        const auto [low, high] = std::ranges::minmax_element(array->bytes);
        if (low != array->bytes.end()) {
          ranges[i].low = std::min(ranges[i].low, static_cast<double>(*low));
          ranges[i].high = std::max(ranges[i].high, static_cast<double>(*high));
        }
      }
    }
  }

  void add_first_frames(const data::Episode& episode) {
    std::string images, texts;
    for (size_t i = 0; i < spec_.observation_fields.size(); ++i) {
      const data::Field& field = spec_.observation_fields[i];
      if (field.role == data::Role::image) {
        const auto& column = std::get<data::Array>(episode.observations[i]);
        images += fmt::format("<img alt=\"{0}\" title=\"{0}\" src=\"{1}\">",
                              escape_html(field.name),
                              image_data_url(shown_image(column.row(0), 224)));
      } else if (field.role == data::Role::text) {
        const auto& column =
            std::get<std::vector<std::string>>(episode.observations[i]);
        texts += ": " + ingest::escape_invalid_utf8(
                            column.front().substr(0, kMaxTextBytes));
      }
    }
    if (!images.empty() || !texts.empty()) {
      first_frames_ += fmt::format(
          "<figure><div>{}</div><figcaption>episode {}{}</figcaption>"
          "</figure>\n",
          images, episode.id, escape_html(texts));
    }
  }

  // Returns the index of the episode with the highest return among those that
  // are not shorter than the median.
  std::optional<int64_t> video_episode() const {
    if (indices_.empty()) {
      return std::nullopt;
    }
    std::vector<double> sorted = lengths_;
    std::ranges::sort(sorted);
    const double median = sorted[sorted.size() / 2];
    std::optional<size_t> best;
    for (size_t i = 0; i < indices_.size(); ++i) {
      if (lengths_[i] >= median && (!best || returns_[i] > returns_[*best])) {
        best = i;
      }
    }
    return indices_[*best];
  }

  std::string overview() const {
    std::vector<std::pair<std::string, std::string>> values = {
        {grouped(std::ssize(lengths_)), "episodes"},
        {grouped(steps_), "steps"}};
    double sum = 0;
    for (const double total : returns_) {
      sum += total;
    }
    if (!returns_.empty() && std::isfinite(sum)) {
      values.emplace_back(
          short_number(sum / static_cast<double>(returns_.size())),
          "mean return");
    }
    if (with_success_ > 0) {
      values.emplace_back(percent(successes_, with_success_), "succeeded");
    }
    if (failed_ > 0) {
      values.emplace_back(grouped(failed_), "failed in the environment");
    }
    std::vector<std::vector<std::string>> facts = {
        {"task", spec_.name},
        {"domain", spec_.domain},
        {"environment", spec_.environment},
        {"recorded by", source_.agent()}};
    if (spec_.settings.is_object()) {
      for (const auto& [key, value] : spec_.settings.items()) {
        facts.push_back(
            {key, value.is_string() ? value.get<std::string>() : value.dump()});
      }
    }
    std::erase_if(facts, [](const auto& fact) { return fact[1].empty(); });
    return tiles(values) + html_table({"property", "value"}, facts, 2);
  }

  std::string keys() const {
    std::vector<std::vector<std::string>> rows;
    const auto add = [&rows](const char* part,
                             const std::vector<data::Field>& fields,
                             const std::vector<Range>& ranges) {
      for (size_t i = 0; i < fields.size(); ++i) {
        const data::Field& field = fields[i];
        const bool is_text = field.role == data::Role::text;
        const bool has_range = ranges[i].low <= ranges[i].high;
        rows.push_back(
            {part, field.name, std::string(data::role_name(field.role)),
             is_text ? "" : std::string(data::dtype_name(field.dtype)),
             is_text ? "" : nlohmann::json(field.shape).dump(),
             space_text(field), has_range ? short_number(ranges[i].low) : "",
             has_range ? short_number(ranges[i].high) : ""});
      }
    };
    add("observation", spec_.observation_fields, observation_ranges_);
    add("action", spec_.action_fields, action_ranges_);
    return html_table(
        {"part", "key", "role", "type", "shape", "space", "minimum", "maximum"},
        rows, 6);
  }

  static std::string video_title(const data::Episode& episode) {
    const double total = episode.total_reward();
    return std::isnan(total) ? fmt::format("Episode {}", episode.id)
                             : fmt::format("Episode {}, with a return of {}",
                                           episode.id, short_number(total));
  }

  ingest::EpisodeSource& source_;
  const data::TaskSpec& spec_;
  int64_t max_bytes_;
  std::vector<double> returns_, lengths_;
  std::vector<Range> observation_ranges_, action_ranges_;
  int64_t steps_ = 0, failed_ = 0, with_success_ = 0, successes_ = 0;
  int64_t shown_episodes_ = 0;
  std::string first_frames_;
  std::vector<int64_t> indices_;  // of the episodes with a return and a length
};

}  // namespace

std::vector<HtmlSection> dataset_sections(ingest::EpisodeSource& source,
                                          const std::vector<Finding>& findings,
                                          int64_t max_bytes,
                                          base::ProgressDisplay* progress) {
  DatasetPage page(source, max_bytes);
  page.read(progress);
  return page.sections(findings);
}

}  // namespace gato::eval

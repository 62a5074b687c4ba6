#include "gato/eval/page/token_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "gato/eval/charts.h"
#include "gato/eval/page/token_stream.h"
#include "gato/eval/page/view_page.h"
#include "gato/eval/svg.h"
#include "gato/tokenize/token_decoder.h"

namespace gato::eval {
namespace {

constexpr size_t kMinShownDocuments = 3, kMaxShownDocuments = 8;
constexpr int64_t kMaxShownTokens = 600, kMaxBands = 40;

// The tokens of a task by modality.
struct TaskCounts {
  int64_t units = 0;  // documents or sequences
  std::array<int64_t, data::kModalityNames.size()> tokens{};
  int64_t total() const {
    int64_t sum = 0;
    for (size_t m = 1; m < tokens.size(); ++m) {  // without padding
      sum += tokens[m];
    }
    return sum;
  }
};

template <class Modalities>
void count_tokens(const Modalities& modalities, TaskCounts& counts) {
  ++counts.units;
  for (const auto modality : modalities) {
    ++counts.tokens[static_cast<size_t>(modality)];
  }
}

TaskCounts total_of(const std::vector<TaskCounts>& counts) {
  TaskCounts all;
  for (const TaskCounts& task : counts) {
    for (size_t m = 0; m < all.tokens.size(); ++m) {
      all.tokens[m] += task.tokens[m];
    }
  }
  return all;
}

// Returns a table with the tokens of each task, and the share of each modality
// that occurs.
std::string task_table(const data::TaskTable& tasks,
                       const std::vector<TaskCounts>& counts,
                       const std::string& unit) {
  constexpr std::array<const char*, 8> kNames = {
      "",           "text",       "patches",          "discrete obs.",
      "cont. obs.", "separators", "discrete actions", "cont. actions"};
  const TaskCounts all = total_of(counts);
  std::vector<std::string> header = {"task", "domain", unit, "tokens"};
  std::vector<size_t> modalities;
  for (size_t m = 1; m < kNames.size(); ++m) {
    if (all.tokens[m] > 0) {
      modalities.push_back(m);
      header.emplace_back(kNames[m]);
    }
  }
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < counts.size(); ++i) {
    const TaskCounts& task = counts[i];
    std::vector<std::string> row = {tasks.tasks[i].spec.name,
                                    tasks.tasks[i].spec.domain,
                                    grouped(task.units), grouped(task.total())};
    for (const size_t m : modalities) {
      row.push_back(
          task.tokens[m] == 0 ? "" : percent(task.tokens[m], task.total()));
    }
    rows.push_back(std::move(row));
  }
  return html_table(header, rows, 2);
}

// Returns a bar with the share of each modality.
std::string modality_bar(const std::vector<TaskCounts>& counts) {
  const TaskCounts all = total_of(counts);
  constexpr std::array<const char*, 8> kColors = {
      "var(--grid)", "#0072b2", "#cc79a7", "#009e73",
      "#56b4e9",     "#8c8c8c", "#d55e00", "#e69f00"};
  const auto total = static_cast<double>(all.total() + all.tokens[0]);
  Svg svg(860, 34, "Tokens by modality");
  std::string legend = "<div class=\"legend\">";
  double x = 0;
  for (size_t m = 1; m <= all.tokens.size() && total > 0; ++m) {
    const size_t modality = m % all.tokens.size();  // padding last
    const double width =
        860 * static_cast<double>(all.tokens[modality]) / total;
    if (width == 0) {
      continue;
    }
    const std::string text =
        fmt::format("{} {}", data::kModalityNames[modality],
                    percent(all.tokens[modality], static_cast<int64_t>(total)));
    svg.rectangle(x, 4, width, 26, kColors[modality], text);
    legend += fmt::format("<span><i style=\"background:{}\"></i>{}</span>",
                          kColors[modality], text);
    x += width;
  }
  return legend + "</div>\n" + svg.str();
}

std::string document_title(const data::TokenizedDocument& document,
                           const data::TaskTable& tasks, int64_t number) {
  const auto& task = tasks.tasks[static_cast<size_t>(document.task_index)];
  const std::string steps =
      document.is_episode
          ? " in " + counted(std::ssize(document.step_offset) - 1, "step")
          : "";
  return fmt::format("<h3>Document {}: {}, {}{}</h3>\n", number,
                     escape_html(task.spec.name),
                     counted(std::ssize(document.tokens), "token"), steps);
}

}  // namespace

std::vector<HtmlSection> token_sections(const data::TokenFileReader& reader,
                                        const std::vector<Finding>& findings,
                                        int64_t max_bytes) {
  const data::TaskTable& tasks = reader.tasks();
  std::vector<TaskCounts> counts(tasks.tasks.size());
  std::vector<double> lengths;
  std::vector<int64_t> shown_documents;  // the first of each task
  for (int64_t i = 0; i < reader.document_count(); ++i) {
    const int64_t steps = reader.first_step(i + 1) - reader.first_step(i);
    const data::TokenizedDocument document =
        reader.read_steps(i, 0, steps, data::PatchNumbering::per_table);
    TaskCounts& task = counts[static_cast<size_t>(document.task_index)];
    if (task.units == 0 && shown_documents.size() < kMaxShownDocuments) {
      shown_documents.push_back(i);
    }
    count_tokens(document.modality, task);
    lengths.push_back(static_cast<double>(document.tokens.size()));
  }
  // If there are few tasks, more than one document of each is shown.
  for (int64_t i = 0; i < reader.document_count() &&
                      shown_documents.size() < kMinShownDocuments;
       ++i) {
    if (std::ranges::find(shown_documents, i) == shown_documents.end()) {
      shown_documents.push_back(i);
    }
  }
  const TokenStream stream(reader.vocabulary(), tasks);
  std::string streams = TokenStream::key();
  const auto shown = static_cast<int64_t>(shown_documents.size());
  for (const int64_t i : shown_documents) {
    const data::TokenizedDocument document = reader.document(i);
    streams += document_title(document, tasks, i);
    streams += stream.html(
        document,
        [&document](int64_t patch) {
          return document.patches[static_cast<size_t>(patch)].data();
        },
        max_bytes * 7 / 10 / std::max<int64_t>(1, shown), kMaxShownTokens);
  }
  std::vector<HtmlSection> sections = {
      {"Overview",
       tiles({{short_count(reader.document_count()), "documents"},
              {short_count(reader.step_count()), "steps"},
              {short_count(reader.token_count()), "tokens"},
              {short_count(reader.distinct_patch_count()), "distinct patches"},
              {grouped(reader.vocabulary().size()), "ids"}})},
      findings_section(findings),
      {"Tokens", modality_bar(counts) + "<div class=\"pair\">\n" +
                     histogram(lengths, "tokens per document") + "</div>\n"},
      {"Tasks", task_table(tasks, counts, "documents")}};
  if (shown > 0) {
    sections.push_back({"The stream", streams});
  }
  return sections;
}

namespace {

// Returns a band per sequence: its segments in the color of its task, in turns
// dark and light, prompts with a line on top, and padding as a gap.
class Bands {
 public:
  Bands(const data::SequenceFileReader& reader, int64_t count)
      : reader_(reader),
        svg_(860, kRowHeight * static_cast<double>(count) + 24,
             "Segments of sequences"),
        scale_((860 - kLeft) /
               static_cast<double>(reader.info().sequence_length)) {
    svg_.text(kLeft, kRowHeight * static_cast<double>(count) + 16, "0",
              Svg::Anchor::start, "tick");
    svg_.text(860, kRowHeight * static_cast<double>(count) + 16,
              fmt::format("token {}", reader.info().sequence_length),
              Svg::Anchor::end, "tick");
  }

  void add(int64_t sequence) {
    const data::SequenceView row = reader_.row(sequence);
    const double y = kRowHeight * static_cast<double>(rows_++);
    svg_.text(kLeft - 8, y + 13, std::to_string(sequence), Svg::Anchor::end,
              "tick");
    const auto& spec =
        reader_.tasks().tasks[static_cast<size_t>(row.task_index)].spec;
    const size_t length = row.tokens.size();
    for (size_t begin = 0; begin < length;) {
      if (static_cast<data::Modality>(row.modality[begin]) ==
          data::Modality::padding) {
        svg_.rectangle(x(begin), y + 6, x(length) - x(begin), 4, "var(--grid)",
                       fmt::format("{} tokens of padding", length - begin));
        break;
      }
      size_t end = begin;
      int64_t steps = 0;
      while (end < length && row.segment_ids[end] == row.segment_ids[begin] &&
             row.modality[end] != 0) {
        steps += static_cast<data::Modality>(row.modality[end]) ==
                 data::Modality::separator;
        ++end;
      }
      add_segment(row, spec.name, begin, end, steps, y);
      begin = end;
    }
  }

  std::string str() const { return svg_.str(); }

 private:
  static constexpr double kRowHeight = 18, kLeft = 60;

  double x(size_t position) const {
    return kLeft + scale_ * static_cast<double>(position);
  }

  void add_segment(const data::SequenceView& row, const std::string& task,
                   size_t begin, size_t end, int64_t steps, double y) {
    const std::string color =
        palette_color(static_cast<size_t>(row.task_index));
    const bool is_prompt = row.prompt_mask[begin] != 0;
    const std::string text =
        fmt::format("{}{}, {} tokens, {} time steps",
                    is_prompt ? "prompt, " : "", task, end - begin, steps);
    // 8 hexadecimal digits: the last two are the opacity.
    const bool is_dark = row.segment_ids[begin] % 2 == 0;
    svg_.rectangle(x(begin), y + 2, x(end) - x(begin) - 0.5, 12,
                   color + (is_dark ? "ff" : "a0"), text);
    if (is_prompt) {
      svg_.rectangle(x(begin), y + 11, x(end) - x(begin) - 0.5, 3, "var(--ink)",
                     text);
    }
  }

  const data::SequenceFileReader& reader_;
  Svg svg_;
  double scale_;
  int64_t rows_ = 0;
};

std::string task_legend(const data::TaskTable& tasks) {
  std::string html = "<div class=\"legend\">";
  for (size_t i = 0; i < std::min<size_t>(tasks.tasks.size(), 24); ++i) {
    html +=
        fmt::format("<span><i style=\"background:{}\"></i>{}</span>",
                    palette_color(i), escape_html(tasks.tasks[i].spec.name));
  }
  return html +
         "<span><i style=\"background:var(--ink)\"></i>prompt (line "
         "below)</span></div>\n";
}

// Returns the tokens of a sequence, one segment after another.
std::string sequence_stream(const data::SequenceFileReader& reader,
                            int64_t sequence, int64_t max_bytes) {
  const TokenStream stream(reader.vocabulary(), reader.tasks());
  const data::SequenceView row = reader.row(sequence);
  const uint8_t* pixels = reader.patch_pixels().data();
  std::string html = TokenStream::key();
  int64_t segment = 0;
  for (const data::TokenizedDocument& document :
       tokenize::split_into_documents(row)) {
    const bool is_prompt = segment == 0 && row.prompt_mask[0] != 0;
    html += fmt::format("<h3>Segment {}{}</h3>\n", segment++,
                        is_prompt ? ", a prompt" : "");
    html += stream.html(
        document,
        [pixels](int64_t patch) {
          return pixels + static_cast<size_t>(patch) * sizeof(data::Patch);
        },
        max_bytes, kMaxShownTokens);
    if (std::ssize(html) > max_bytes || segment >= 16) {
      break;
    }
  }
  return html;
}

}  // namespace

std::vector<HtmlSection> sequence_sections(
    const data::SequenceFileReader& reader,
    const std::vector<Finding>& findings, int64_t max_bytes) {
  const int64_t sequences = reader.sequence_count();
  std::vector<TaskCounts> counts(reader.tasks().tasks.size());
  std::vector<double> fill;
  int64_t prompted = 0, padding = 0;
  for (int64_t i = 0; i < sequences; ++i) {
    const data::SequenceView row = reader.row(i);
    TaskCounts& task = counts[static_cast<size_t>(row.task_index)];
    const int64_t padding_before = task.tokens[0];
    count_tokens(row.modality, task);
    const int64_t padded = task.tokens[0] - padding_before;
    padding += padded;
    prompted += row.prompt_mask[0] != 0;
    fill.push_back(100 - 100 * static_cast<double>(padded) /
                             static_cast<double>(row.tokens.size()));
  }
  const int64_t all = sequences * reader.info().sequence_length;
  std::vector<HtmlSection> sections = {
      {"Overview",
       tiles(
           {{grouped(sequences), "sequences"},
            {grouped(reader.info().sequence_length), "tokens per sequence"},
            {percent(all - padding, all), "filled"},
            {percent(prompted, sequences), "with a prompt"},
            {grouped(reader.info().window_steps), "steps per window"},
            {short_count(reader.distinct_patch_count()), "distinct patches"}})},
      findings_section(findings)};
  if (sequences > 0) {
    const int64_t shown = std::min(sequences, kMaxBands);
    Bands bands(reader, shown);
    for (int64_t i = 0; i < shown; ++i) {
      bands.add(i * sequences / shown);
    }
    sections.push_back(
        {"Sequences", task_legend(reader.tasks()) + bands.str()});
  }
  sections.push_back(
      {"Tokens", modality_bar(counts) + "<div class=\"pair\">\n" +
                     histogram(fill, "fill of a sequence, in %") + "</div>\n"});
  sections.push_back(
      {"Tasks", task_table(reader.tasks(), counts, "sequences")});
  if (sequences > 0) {
    sections.push_back(
        {"Sequence 0", sequence_stream(reader, 0, max_bytes * 6 / 10)});
  }
  return sections;
}

}  // namespace gato::eval

#include "gato/pack/packing_report.h"

#include <algorithm>

#include "gato/base/text_table.h"

namespace gato::pack {
namespace {

double ratio(int64_t part, int64_t total) {
  return total == 0 ? 0 : static_cast<double>(part) / total;
}

}  // namespace

PackingReport::PackingReport(const PackedDataset& dataset,
                             base::Shard::Range range)
    : length_(dataset.options().length),
      all_sequences_(dataset.sequences()),
      range_(range) {
  const SequenceSampler& sampler = dataset.sampler();
  const std::vector<data::TaskEntry>& tasks = dataset.corpus().tasks().tasks;
  for (size_t e = 0; e < dataset.mixture().size(); ++e) {
    const MixtureEntry& entry = dataset.mixture()[e];
    std::vector<Record>& records = records_.emplace_back();
    const auto& strata = sampler.strata()[e];
    for (size_t s = 0; s < strata.size(); ++s) {
      records.push_back({entry.name, tasks[strata[s].task].spec.name,
                         entry.weight, sampler.share(e, s)});
    }
  }
}

void PackingReport::add(const RowPlan& plan, const PackedRow& row) {
  Record& record = records_[plan.entry][plan.stratum];
  ++record.sequences;
  record.prompted += row.has_prompt;
  record.windows += row.window_count;
  record.tokens += row.token_count;
  record.targets += row.target_count;
  rows_without_target_ += row.target_count == 0;
  cut_windows_ += std::ranges::count(plan.windows, true, &Window::is_cut);
  patches_ += std::ssize(row.patches);
}

PackingReport::Record PackingReport::totals() const {
  Record sum{"all", "", 0, 1};
  for (const auto& records : records_) {
    for (const Record& record : records) {
      sum.sequences += record.sequences;
      sum.prompted += record.prompted;
      sum.windows += record.windows;
      sum.tokens += record.tokens;
      sum.targets += record.targets;
    }
  }
  return sum;
}

nlohmann::ordered_json PackingReport::to_json() const {
  const Record all = totals();
  auto mixture = nlohmann::ordered_json::array();
  for (const auto& records : records_) {
    for (const Record& record : records) {
      mixture.push_back(
          {{"input", record.input},
           {"task", record.task},
           {"weight", record.weight},
           {"share", record.share},
           {"achieved", ratio(record.sequences, all.sequences)},
           {"sequences", record.sequences},
           {"prompted", record.prompted},
           {"windows", record.windows},
           {"tokens", record.tokens},
           {"targets", record.targets},
           {"fill", ratio(record.tokens, record.sequences * length_)}});
    }
  }
  return {{"sequences", all.sequences},
          {"length", length_},
          {"fill", ratio(all.tokens, all.sequences * length_)},
          {"windows", all.windows},
          {"tokens", all.tokens},
          {"targets", all.targets},
          {"prompted", all.prompted},
          {"rows_without_target", rows_without_target_},
          {"cut_windows", cut_windows_},
          {"patches", patches_},
          {"distinct_patches", distinct_patches_},
          {"first_sequence", range_.first},
          {"all_sequences", all_sequences_},
          {"mixture", mixture}};
}

std::string PackingReport::table() const {
  base::TextTable table({"input", "task", "share", "achieved", "sequences",
                         "prompted", "windows", "tokens", "targets", "fill"});
  const Record all = totals();
  const auto add = [&](const Record& record) {
    table.add_row(
        {record.input, record.task.empty() ? "-" : record.task,
         fmt::format("{:.4f}", record.share),
         fmt::format("{:.4f}", ratio(record.sequences, all.sequences)),
         std::to_string(record.sequences), std::to_string(record.prompted),
         std::to_string(record.windows), std::to_string(record.tokens),
         std::to_string(record.targets),
         fmt::format("{:.4f}",
                     ratio(record.tokens, record.sequences * length_))});
  };
  for (const auto& records : records_) {
    for (const Record& record : records) {
      add(record);
    }
  }
  add(all);
  return table.to_string();
}

}  // namespace gato::pack

#include "gato/eval/outcome_pool.h"

#include "gato/base/error.h"

namespace gato::eval {
namespace {

// Returns the digest of the weights of the model that played a dataset; empty
// if no model did or it is unknown.
std::string weights_digest(const nlohmann::json& provenance) {
  if (!provenance.is_object() || !provenance.contains("inputs") ||
      !provenance["inputs"].is_array()) {
    return "";
  }
  for (const nlohmann::json& input : provenance["inputs"]) {
    if (!input.is_object() || !input.contains("path") ||
        !input["path"].is_string() || !input.contains("digest") ||
        !input["digest"].is_string()) {
      continue;
    }
    const std::filesystem::path path = input["path"].get<std::string>();
    if (path.filename() == "model.safetensors") {
      return input["digest"].get<std::string>();
    }
  }
  return "";
}

// Returns what distinguishes the policy that played a dataset from others: the
// training run if it was given, otherwise the agent, followed by the digest of
// its weights if the provenance contains it. Runs of several seeds often have
// the same agent, the name of a directory.
std::string run_name(const DatasetOutcomes& outcomes) {
  if (!outcomes.run.empty()) {
    return outcomes.run;
  }
  const std::string digest = weights_digest(outcomes.provenance);
  return digest.empty() ? outcomes.agent
                        : fmt::format("{} ({})", outcomes.agent, digest);
}

}  // namespace

std::vector<double> RunOutcomes::with_failures(double random) const {
  std::vector<double> imputed = values;
  imputed.insert(imputed.end(), static_cast<size_t>(failed), random);
  return imputed;
}

int64_t PooledOutcomes::failed_count() const {
  int64_t count = 0;
  for (const auto& [name, run] : runs) {
    count += run.failed;
  }
  return count;
}

std::vector<double> PooledOutcomes::all_values(double random) const {
  std::vector<double> all;
  for (const auto& [name, run] : runs) {
    const std::vector<double> values = run.with_failures(random);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

void require_domain(const DatasetOutcomes& outcomes,
                    const std::string& domain) {
  if (outcomes.domain != domain) {
    throw base::input_error(
        "{}: task \"{}\" is in domain \"{}\", but an earlier dataset has it in "
        "\"{}\"",
        outcomes.path.string(), outcomes.task, outcomes.domain, domain);
  }
}

std::map<std::string, PooledOutcomes> pool_by_task(
    const std::vector<DatasetOutcomes>& outcomes, Metric metric) {
  std::map<std::string, PooledOutcomes> tasks;
  for (const DatasetOutcomes& one : outcomes) {
    const auto [entry, is_new] = tasks.try_emplace(one.task);
    PooledOutcomes& pooled = entry->second;
    if (is_new) {
      pooled.domain = one.domain;
    }
    require_domain(one, pooled.domain);
    RunOutcomes& run = pooled.runs[run_name(one)];
    const std::vector<double> values = one.values(metric);
    run.values.insert(run.values.end(), values.begin(), values.end());
    run.failed += one.failed_count();
    pooled.are_training_runs |= !one.run.empty();
    pooled.success_count += one.success_count();
    pooled.success_report_count += one.success_report_count();
  }
  return tasks;
}

}  // namespace gato::eval

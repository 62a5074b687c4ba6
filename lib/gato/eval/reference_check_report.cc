#include "gato/eval/reference_check_report.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

#include "gato/base/text_table.h"
#include "gato/eval/report_values.h"
#include "gato/eval/score_report.h"

namespace gato::eval {
namespace {

using nlohmann::json;

constexpr std::array<
    std::pair<const char*, std::optional<ReferenceReturn> TaskReferences::*>, 3>
    kPolicies = {{{"random", &TaskReferences::random},
                  {"expert", &TaskReferences::expert},
                  {"human", &TaskReferences::human}}};

// The entries of one task and policy, in ascending precedence.
struct Alternative {
  const ReferenceSet* set;
  const ReferenceReturn* reference;
};
using Alternatives =
    std::map<std::pair<std::string, size_t>, std::vector<Alternative>>;

Alternatives list_alternatives(const std::vector<ReferenceSet>& sets) {
  Alternatives alternatives;
  for (const ReferenceSet& set : sets) {
    for (const auto& [task, references] : set.table) {
      for (size_t p = 0; p < kPolicies.size(); ++p) {
        if (const auto& reference = references.*kPolicies[p].second) {
          alternatives[{task, p}].push_back({&set, &*reference});
        }
      }
    }
  }
  return alternatives;
}

json reference_json(const std::string& task, const char* policy,
                    const Alternative& alternative, bool is_used) {
  const ReferenceReturn& reference = *alternative.reference;
  return {{"task", task},
          {"policy", policy},
          {"mean", as_json(reference.mean)},
          {"std", as_json(reference.std)},
          {"n", reference.episodes ? json(*reference.episodes) : json(nullptr)},
          {"success", as_json(reference.success)},
          {"source", reference.source},
          {"set", alternative.set->name},
          {"used", is_used},
          {"settings", reference.settings}};
}

const char* severity_name(FindingSeverity severity) {
  return severity == FindingSeverity::error ? "error" : "warning";
}

json findings_json(const std::vector<ReferenceFinding>& findings) {
  json list = json::array();
  for (const ReferenceFinding& finding : findings) {
    list.push_back({{"severity", severity_name(finding.severity)},
                    {"check", finding.check},
                    {"task", finding.task},
                    {"policy", finding.policy},
                    {"source", finding.source},
                    {"message", finding.message}});
  }
  return list;
}

}  // namespace

json check_to_json(const std::vector<ReferenceFinding>& findings,
                   const std::vector<ReferenceSet>& sets, Metric metric) {
  json references = json::array();
  for (const auto& [key, alternatives] : list_alternatives(sets)) {
    for (const Alternative& alternative : alternatives) {
      references.push_back(reference_json(
          key.first, kPolicies[key.second].first, alternative,
          alternative.reference == alternatives.back().reference));
    }
  }
  return {{"metric", metric_name(metric)},
          {"findings", findings_json(findings)},
          {"references", std::move(references)}};
}

std::string check_to_csv(const std::vector<ReferenceFinding>& findings) {
  return to_csv({"severity", "check", "task", "policy", "source", "message"},
                findings_json(findings));
}

std::string check_to_text(const std::vector<ReferenceFinding>& findings,
                          const std::vector<ReferenceSet>& sets) {
  base::TextTable references(
      {"task", "policy", "mean", "std", "n", "success", "source", "used"});
  bool has_alternatives = false;
  for (const auto& [key, alternatives] : list_alternatives(sets)) {
    if (alternatives.size() < 2) {
      continue;
    }
    has_alternatives = true;
    for (const Alternative& alternative : alternatives) {
      const ReferenceReturn& reference = *alternative.reference;
      references.add_row(
          {key.first, kPolicies[key.second].first,
           format_return(reference.mean), format_return(reference.std),
           reference.episodes ? std::to_string(*reference.episodes) : "",
           format_number(reference.success, 3), reference.source,
           &alternative == &alternatives.back() ? "yes" : "no"});
    }
  }
  base::TextTable table({"severity", "check", "task", "policy", "message"});
  for (const ReferenceFinding& finding : findings) {
    table.add_row({severity_name(finding.severity), finding.check, finding.task,
                   finding.policy, finding.message});
  }
  return (has_alternatives ? references.to_string() + "\n" : std::string()) +
         (findings.empty() ? "no findings\n" : table.to_string());
}

}  // namespace gato::eval

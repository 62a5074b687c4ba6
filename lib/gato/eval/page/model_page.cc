#include "gato/eval/page/model_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/array.h"
#include "gato/data/json_fields.h"
#include "gato/data/vocabulary.h"
#include "gato/eval/page/attention_section.h"
#include "gato/eval/page/bin_embedding.h"
#include "gato/eval/page/model_weights.h"
#include "gato/eval/page/view_page.h"

namespace gato::eval {
namespace {

// Returns the part of the network that a tensor belongs to.
std::string part_of(const std::string& tensor) {
  if (tensor == "embedding.tokens") {
    return "embeddings of tokens, also the output";
  }
  if (tensor.starts_with("embedding.patch")) {
    return "network of image patches";
  }
  if (tensor.starts_with("embedding.")) {
    return "embeddings of positions";
  }
  if (tensor.find("norm") != std::string::npos) {
    return "layer norms";
  }
  if (tensor.find(".attention") != std::string::npos) {
    return "attention";
  }
  return tensor.find(".feedforward") != std::string::npos ? "feed-forward"
                                                          : "other";
}

struct PartSize {
  int64_t tensors = 0, parameters = 0;
};

std::string parameter_table(const data::SafetensorsHeader& header) {
  std::map<std::string, PartSize> parts;
  int64_t all = 0;
  for (const data::SafetensorsTensorInfo& tensor : header.tensors) {
    PartSize& part = parts[part_of(tensor.name)];
    const int64_t count = data::element_count(tensor.shape);
    ++part.tensors;
    part.parameters += count;
    all += count;
  }
  std::vector<std::pair<std::string, PartSize>> sorted(parts.begin(),
                                                       parts.end());
  std::ranges::stable_sort(sorted, std::greater{}, [](const auto& part) {
    return part.second.parameters;
  });
  std::vector<std::vector<std::string>> rows;
  rows.reserve(sorted.size());
  for (const auto& [name, part] : sorted) {
    rows.push_back({name, grouped(part.tensors), grouped(part.parameters),
                    percent(part.parameters, all)});
  }
  return html_table({"part", "tensors", "parameters", "share"}, rows, 1);
}

std::string overview(const nlohmann::json& config,
                     const data::SafetensorsHeader& header) {
  int64_t parameters = 0;
  for (const data::SafetensorsTensorInfo& tensor : header.tensors) {
    parameters += data::element_count(tensor.shape);
  }
  std::vector<std::pair<std::string, std::string>> values = {
      {short_count(parameters), "parameters"}};
  for (const auto& [key, name] :
       {std::pair{"layers", "layers"}, std::pair{"width", "width"},
        std::pair{"heads", "heads"}, std::pair{"key_size", "key size"},
        std::pair{"context", "tokens of context"}}) {
    values.emplace_back(grouped(data::integer_at(config, key)), name);
  }
  std::vector<std::vector<std::string>> facts;
  for (const auto& [key, value] : config.items()) {
    if (value.is_primitive() && key != "kind" && key != "version" &&
        key != "oldest_version") {
      facts.push_back(
          {key, value.is_string() ? value.get<std::string>() : value.dump()});
    }
  }
  if (config.contains("tasks") && config["tasks"].is_array()) {
    std::string names;
    for (const auto& task : config["tasks"]) {
      if (task.is_object() && task.contains("name") &&
          task["name"].is_string()) {
        names += (names.empty() ? "" : ", ") + task["name"].get<std::string>();
      }
    }
    facts.push_back({"tasks", names});
  }
  std::string table = html_table({"property", "value"}, facts, 2);
  // Names of tasks may be many.
  size_t at = 0;
  while ((at = table.find("<td class=\"text\">", at)) != std::string::npos) {
    table.replace(at, 17, "<td class=\"message\">");
    at += 20;
  }
  return tiles(values) + table;
}

}  // namespace

std::vector<HtmlSection> model_sections(const std::filesystem::path& directory,
                                        const std::vector<Finding>& findings,
                                        const AttentionChoice& choice) {
  const std::filesystem::path config_file = directory / "config.json";
  const auto config =
      nlohmann::json::parse(base::read_file(config_file), nullptr, false);
  return base::with_context(config_file.string(), [&] {
    if (!config.is_object()) {
      throw base::input_error("not a JSON object");
    }
    ModelWeights weights(directory / "model.safetensors");
    std::vector<HtmlSection> sections = {
        {"Overview", overview(config, weights.header())},
        findings_section(findings),
        {"Parameters", parameter_table(weights.header())}};
    if (!choice.data.empty()) {
      sections.push_back(attention_section(weights, config, choice));
    }
    const auto vocabulary =
        data::Vocabulary::from_json(data::object_at(config, "vocabulary"));
    const int64_t width = data::integer_at(config, "width");
    sections.push_back(
        {"Embeddings of bins",
         bin_embedding_html(weights.read_rows("embedding.tokens", width,
                                              vocabulary.continuous_begin(),
                                              data::Vocabulary::kBinCount),
                            width)});
    return sections;
  });
}

}  // namespace gato::eval

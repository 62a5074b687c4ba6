#include "gato/commands/train/export_model.h"

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gato/base/file_io.h"
#include "gato/cli/logging.h"
#include "gato/cli/option_value.h"
#include "gato/data/checkpoint_directory.h"
#include "gato/model/model_directory.h"
#include "gato/train/run/checkpoint.h"

namespace gato::commands {
namespace {

namespace fs = std::filesystem;

// The options that affect an export, in addition to the common ones.
constexpr std::array<std::string_view, 5> kExportOptions = {
    "export", "dtype", "output", "force", "no-provenance"};

bool is_export_option(const cli::Option& option) {
  return option.group == "Common options" ||
         std::ranges::find(kExportOptions, option.name) != kExportOptions.end();
}

void reject_training_options(const cli::OptionTable& table) {
  for (const auto& option : table.options()) {
    if (!is_export_option(*option) &&
        cli::target_to_json(option->target) != option->default_value) {
      throw base::usage_error(
          "--{} has no effect with --export, which does not train: omit it",
          option->name);
    }
  }
}

// Throws Error(usage) if --force would remove more than an exported model.
void check_export_output(const fs::path& output, bool force) {
  base::check_output(output, force);
  std::error_code ignored;
  if (!fs::exists(output, ignored) || fs::is_empty(output, ignored)) {
    return;
  }
  if (!fs::exists(output / "config.json", ignored) ||
      train::is_checkpoint(output)) {
    throw base::usage_error(
        "{} is not an exported model, so --force does not replace it: choose "
        "another directory",
        output.string());
  }
}

}  // namespace

void add_export_options(cli::OptionTable& table, ExportOptions& options) {
  table.begin_group("Export");
  table
      .add("export", &options.source,
           "Do not train, but write the model of this run or model directory "
           "to OUTPUT, without the optimizer state")
      .metavar("MODEL")
      .not_in_config();
  table
      .add("dtype", &options.dtype,
           "Type of the weights that --export writes. bf16 halves the size; "
           "weights keep 8 significant bits. Checkpoints are always fp32, so "
           "that --resume is exact")
      .one_of({"fp32", "bf16"})
      .metavar("TYPE")
      .not_in_config();
  table.add_check([&table, &options] {
    if (options.source) {
      reject_training_options(table);
    } else if (options.dtype != "fp32") {
      throw base::usage_error(
          "--dtype {} requires --export: the checkpoints of a run are always "
          "fp32, so that --resume is exact",
          options.dtype);
    }
  });
}

base::ExitStatus export_model(const ExportOptions& options,
                              const cli::CommandContext& context) {
  const fs::path path = context.common.output;
  check_export_output(path, context.common.force);
  const model::LoadedModel model = model::load_model(*options.source);
  base::check_input_is_not_output(model.directory, path);
  model::WriteModelOptions write_options{
      .weight_type = options.dtype == "bf16" ? at::kBFloat16 : at::kFloat,
      .provenance = {}};
  if (context.record.has_provenance) {
    data::Provenance provenance(context.record);
    provenance.add_input(model.directory / "model.safetensors");
    if (const nlohmann::json parent =
            train::read_model_provenance(model.directory);
        !parent.is_null()) {
      provenance.add_parent(parent);
    }
    write_options.provenance = provenance.to_json();
  }
  base::AtomicOutput output(path, context.common.force,
                            base::AtomicOutput::Kind::directory);
  model::write_model(output.temporary_path(), *model.network,
                     model.demonstrations, write_options);
  data::write_manifest(output.temporary_path());
  output.commit();
  cli::log_counts({{"tensors", std::ssize(model.network->parameters())},
                   {"parameters", model.network->parameter_count()}});
  return base::ExitStatus::success;
}

}  // namespace gato::commands

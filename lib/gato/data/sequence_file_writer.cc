#include <cassert>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/format.h"
#include "gato/data/patch_table.h"
#include "gato/data/sequence_file.h"
#include "gato/data/token_columns.h"

namespace gato {

struct SequenceFileWriter::Impl {
  Impl(const std::filesystem::path& path, bool force,
       const SequenceFileOptions& options, const Vocabulary& vocabulary)
      : output(path, force),
        options(options),
        root(hdf5::create_file(output.temporary(), path)),
        patch_table(path) {
    write_format(root, sequence_format);
    root.set_attribute("length", options.length);
    root.set_attribute("window_steps", options.window_steps);
    write_vocabulary(root, vocabulary);
    tokens = create<int32_t>("tokens");
    if (options.labels) labels = create<int32_t>("labels");
    modality = create<uint8_t>("modality");
    local = create<int16_t>("local");
    interval = root.create_dataset("interval", hdf5::native<uint8_t>(),
                                   {options.sequences, options.length, 4});
    segment = create<uint8_t>("segment");
    prompt = create<uint8_t>("prompt");
    task = root.create_dataset("task", hdf5::native<int32_t>(),
                               {options.sequences});
  }

  template <class T>
  hdf5::Dataset create(const char* name) {
    return root.create_dataset(name, hdf5::native<T>(),
                               {options.sequences, options.length});
  }

  template <class T>
  void write(hdf5::Dataset& dataset, const void* values) {
    dataset.write(hdf5::native<T>(), written, 1, values);
  }

  // Patches under their numbers in the file.
  std::vector<int32_t> stored(const SequenceRow& row,
                              const std::vector<int32_t>& tokens_or_labels) {
    std::vector<int64_t> numbers;
    for (const Patch& patch : row.patches) {
      numbers.push_back(patch_table.add(patch));
    }
    std::vector<int32_t> values = tokens_or_labels;
    for (int32_t& value : values) {
      if (value >= 0) continue;
      value = static_cast<int32_t>(-1 -
                                   numbers.at(static_cast<size_t>(-1 - value)));
    }
    return values;
  }

  void write_demonstrations(const std::vector<TokenizedDocument>& documents) {
    if (documents.empty()) return;
    TokenColumns columns(output.path());
    for (const auto& document : documents) columns.append(document);
    hdf5::Group group = root.create_group("demonstrations");
    write_format(group, token_format);
    columns.write(group);
    group.link("/vocabulary", "vocabulary");
    group.link("/tasks", "tasks");
    mark_complete(group);
  }

  AtomicOutput output;
  SequenceFileOptions options;
  hdf5::Group root;
  PatchTable patch_table;
  hdf5::Dataset tokens, labels, modality, local, interval, segment, prompt,
      task;
  int64_t written = 0;
};

SequenceFileWriter::SequenceFileWriter(const std::filesystem::path& path,
                                       bool force,
                                       const SequenceFileOptions& options,
                                       const Vocabulary& vocabulary)
    : impl_(std::make_unique<Impl>(path, force, options, vocabulary)) {}

SequenceFileWriter::~SequenceFileWriter() = default;

void SequenceFileWriter::append(const SequenceRow& row) {
  Impl& file = *impl_;
  const auto length = static_cast<size_t>(file.options.length);
  assert(file.written < file.options.sequences);
  assert(row.features.tokens.size() == length &&
         row.features.modality.size() == length &&
         row.features.local.size() == length &&
         row.features.interval.size() == length &&
         row.segment.size() == length && row.prompt.size() == length &&
         (row.labels.empty() || row.labels.size() == length));
  (void)length;

  const auto tokens = file.stored(row, row.features.tokens);
  file.write<int32_t>(file.tokens, tokens.data());
  if (file.options.labels) {
    const auto labels =
        row.labels.empty() ? tokens : file.stored(row, row.labels);
    file.write<int32_t>(file.labels, labels.data());
  }
  file.write<uint8_t>(file.modality, row.features.modality.data());
  file.write<int16_t>(file.local, row.features.local.data());
  file.write<uint8_t>(file.interval, row.features.interval.data());
  file.write<uint8_t>(file.segment, row.segment.data());
  file.write<uint8_t>(file.prompt, row.prompt.data());
  file.write<int32_t>(file.task, &row.task);
  ++file.written;
}

void SequenceFileWriter::commit(
    const TaskTable& tasks,
    const std::vector<TokenizedDocument>& demonstrations,
    const nlohmann::json& report, const Provenance& provenance) {
  Impl& file = *impl_;
  assert(file.written == file.options.sequences);
  file.patch_table.write(file.root, "patches");
  file.root.write_text("tasks", tasks.to_json().dump());
  if (!report.is_null()) file.root.write_text("report", report.dump());
  if (provenance.enabled) {
    file.root.write_text("provenance", provenance.to_json().dump());
  }
  file.write_demonstrations(demonstrations);
  mark_complete(file.root);
  for (auto* dataset :
       {&file.tokens, &file.labels, &file.modality, &file.local, &file.interval,
        &file.segment, &file.prompt, &file.task}) {
    *dataset = hdf5::Dataset();
  }
  hdf5::close_file(std::move(file.root));
  file.output.commit();
}

int64_t SequenceFileWriter::distinct_patches() const {
  return impl_->patch_table.size();
}

}  // namespace gato

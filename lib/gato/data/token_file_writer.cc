// Columns are collected in temporary files and copied to the HDF5 file by
// commit(), when their lengths are known, so that all datasets are contiguous.
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/file_format.h"
#include "gato/data/file_metadata.h"
#include "gato/data/token_columns.h"
#include "gato/data/token_file.h"

namespace gato::data {

struct TokenFileWriter::Impl {
  Impl(const std::filesystem::path& path, bool force,
       const Vocabulary& vocabulary)
      : output(path, force), vocabulary(vocabulary), columns(path) {}
  base::AtomicOutput output;
  Vocabulary vocabulary;
  TokenColumns columns;
};

TokenFileWriter::TokenFileWriter(const std::filesystem::path& path, bool force,
                                 const Vocabulary& vocabulary)
    : impl_(std::make_unique<Impl>(path, force, vocabulary)) {}

TokenFileWriter::~TokenFileWriter() = default;

void TokenFileWriter::append(const TokenizedDocument& document) {
  impl_->columns.append(document);
}

int64_t TokenFileWriter::document_count() const {
  return impl_->columns.document_count();
}
int64_t TokenFileWriter::token_count() const {
  return impl_->columns.token_count();
}
int64_t TokenFileWriter::distinct_patch_count() const {
  return impl_->columns.distinct_patch_count();
}
int64_t TokenFileWriter::patch_token_count() const {
  return impl_->columns.patch_token_count();
}

void TokenFileWriter::commit(const TaskTable& tasks,
                             const Provenance& provenance,
                             const nlohmann::ordered_json& report) {
  const base::AtomicOutput& output = impl_->output;
  hdf5::Group root = hdf5::create_file(output.temporary_path(), output.path());
  write_format(root, kTokenFileFormat);
  impl_->columns.write(root);
  write_vocabulary(root, impl_->vocabulary);
  write_metadata(root, tasks, report, provenance);
  mark_complete(root);
  hdf5::close_file(std::move(root));
  impl_->output.commit();
}

}  // namespace gato::data

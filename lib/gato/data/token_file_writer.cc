#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/format.h"
#include "gato/data/token_columns.h"
#include "gato/data/token_file.h"

namespace gato {

struct TokenFileWriter::Impl {
  Impl(const std::filesystem::path& path, bool force,
       const Vocabulary& vocabulary)
      : output(path, force), vocabulary(vocabulary), columns(path) {}
  AtomicOutput output;
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

int64_t TokenFileWriter::documents() const {
  return impl_->columns.documents();
}
int64_t TokenFileWriter::tokens() const { return impl_->columns.tokens(); }
int64_t TokenFileWriter::distinct_patches() const {
  return impl_->columns.distinct_patches();
}
int64_t TokenFileWriter::patches() const { return impl_->columns.patches(); }

void TokenFileWriter::commit(const TaskTable& tasks,
                             const Provenance& provenance,
                             const nlohmann::ordered_json& report) {
  const AtomicOutput& output = impl_->output;
  hdf5::Group root = hdf5::create_file(output.temporary(), output.path());
  write_format(root, token_format);
  impl_->columns.write(root);
  write_vocabulary(root, impl_->vocabulary);
  root.write_text("tasks", tasks.to_json().dump());
  if (!report.is_null()) root.write_text("report", report.dump());
  if (provenance.enabled) {
    root.write_text("provenance", provenance.to_json().dump());
  }
  mark_complete(root);
  hdf5::close_file(std::move(root));
  impl_->output.commit();
}

}  // namespace gato

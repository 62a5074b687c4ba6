#include <memory>

#include "gato/data/file_format.h"
#include "gato/data/file_metadata.h"
#include "gato/data/token_file.h"
#include "gato/data/token_table_contents.h"

namespace gato::data {

TokenFileReader::TokenFileReader(const std::filesystem::path& path,
                                 const std::string& group)
    : TokenTable(std::make_unique<Contents>()), path_(path) {
  Contents& table = contents();
  table.name = path.string();
  table.file = hdf5::open_file(path);
  table.mapping = std::make_unique<const MappedFile>(path);
  const bool is_embedded = group != "/";
  // An embedded token file is as complete as the file that contains it.
  if (!is_embedded) {
    check_format(table.file, kTokenFileFormat);
  }
  const hdf5::Group embedded =
      is_embedded ? table.file.group(group) : hdf5::Group();
  const hdf5::Group& root = is_embedded ? embedded : table.file;
  table.vocabulary = read_vocabulary(root);
  table.ids = ModalityIdRanges(table.vocabulary);
  table.tasks = read_tasks(root);
  provenance_ = read_provenance(root);
  report_ = read_report(root);
  table.columns = TokenColumnViews(root, *table.mapping, table.tasks);
  // Thousands of token files may be open at the same time.
  if (table.columns.is_in_memory()) {
    table.file = hdf5::Group();
  }
}

}  // namespace gato::data

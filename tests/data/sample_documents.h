// Documents and folders for the tests of file formats.
#pragma once

#include <filesystem>
#include <string>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/token_file.h"

namespace gato::test {

// A new, empty directory, removed at the end.
class TestDirectory {
 public:
  std::filesystem::path operator/(const std::string& name) const {
    return path() / name;
  }
  const std::filesystem::path& path() const { return directory_.path(); }
  std::vector<std::string> entry_names() const;  // of what lies in it, sorted

 private:
  base::TemporaryDirectory directory_{"gato-test"};
};

// Runs `work`, which must throw a gato::Error, and returns it.
template <class Work>
base::Error thrown_error(Work work) {
  try {
    work();
  } catch (const base::Error& error) {
    return error;
  }
  return base::Error(base::ExitStatus::success, "nothing was thrown");
}

// A vocabulary of 1100 pieces without a text model behind it.
data::Vocabulary small_vocabulary();
// One task of an image and two actions, one of text.
data::TaskTable small_tasks();
data::Provenance small_provenance();

// `steps` steps of an image of rows x columns patches, a continuous value, the
// separator and two actions. Pixels and values depend on the seed.
data::TokenizedDocument make_episode_document(int steps, int rows, int columns,
                                              int seed);
data::TokenizedDocument make_text_document(int tokens);

std::string file_bytes(const std::filesystem::path& path);

}  // namespace gato::test

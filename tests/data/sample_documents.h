// Documents and directories for the tests of file formats.
#pragma once

#include <filesystem>
#include <string>

#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "gato/data/token_file.h"

namespace gato::test {

// A new, empty directory, which the destructor removes.
class TestDirectory {
 public:
  std::filesystem::path operator/(const std::string& name) const {
    return path() / name;
  }
  const std::filesystem::path& path() const { return directory_.path(); }
  // Returns the names of its entries, sorted.
  std::vector<std::string> entry_names() const;

 private:
  base::TemporaryDirectory directory_{"gato-test"};
};

// Runs `work` and returns the base::Error that it throws. If it throws none,
// the status of the returned error is `success`.
template <class Work>
base::Error thrown_error(Work work) {
  try {
    work();
  } catch (const base::Error& error) {
    return error;
  }
  return base::Error(base::ExitStatus::success, "nothing was thrown");
}

// Returns a vocabulary of 1100 pieces whose text model is not valid.
data::Vocabulary small_vocabulary();
// Returns a task with an image and two actions, and a task of text.
data::TaskTable small_tasks();
data::Provenance small_provenance();

// Returns an episode of `steps` steps. Each consists of an image of rows x
// columns patches, a continuous value, the separator and two actions. Pixels
// and values depend on the seed.
data::TokenizedDocument make_episode_document(int steps, int rows, int columns,
                                              int seed);
data::TokenizedDocument make_text_document(int tokens);

// Replaces a token file by one of an episode and a text.
void write_small_token_file(const std::filesystem::path& path);

std::string file_bytes(const std::filesystem::path& path);

}  // namespace gato::test

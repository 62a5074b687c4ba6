// Documents and folders for the tests of file formats.
#pragma once

#include <filesystem>
#include <string>

#include "gato/base/error.h"
#include "gato/base/output.h"
#include "gato/data/token_file.h"

namespace gato::test {

// A new, empty directory, removed at the end.
class Folder {
 public:
  std::filesystem::path operator/(const std::string& name) const {
    return path() / name;
  }
  const std::filesystem::path& path() const { return directory_.path(); }
  std::vector<std::string> names() const;  // of what lies in it, sorted

 private:
  TemporaryDirectory directory_{"gato-test"};
};

// Runs `work`, which must throw a gato::Error, and returns it.
template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return Error(ExitStatus::done, "nothing was thrown");
}

// A vocabulary of 1100 pieces without a text model behind it.
Vocabulary small_vocabulary();
// One task of an image and two actions, one of text.
TaskTable small_tasks();
Provenance small_provenance();

// `steps` steps of an image of rows x columns patches, a continuous value, the
// separator and two actions. Pixels and values depend on the seed.
TokenizedDocument episode_document(int steps, int rows, int columns, int seed);
TokenizedDocument text_document(int tokens);

std::string bytes_of(const std::filesystem::path& path);

}  // namespace gato::test

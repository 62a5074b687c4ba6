// Files that are corrupt, incomplete, of a different kind or of a different
// version are refused with a message and a status, and none of them crashes the
// program.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <functional>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/sequence_file.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

namespace fs = std::filesystem;

void write_tokens(const fs::path& path, int episodes = 3, bool force = false) {
  TokenFileWriter writer(path, force, small_vocabulary());
  for (int i = 0; i < episodes; ++i) {
    writer.append(make_episode_document(20, 4, 4, i));
  }
  writer.commit(small_tasks(), small_provenance());
}

// Opens the file for writing and lets `change` corrupt it.
void edit(const fs::path& path, const std::function<void(hid_t)>& change) {
  const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  REQUIRE(file.is_valid());
  change(file.id());
}

// Overwrites one element of a dataset.
template <class T>
void put(hid_t file, const char* name, int64_t index, T value) {
  hdf5::Dataset dataset(hdf5::Handle(H5Dopen2(file, name, H5P_DEFAULT)), name);
  dataset.write(hdf5::native_type<T>(), index, 1, &value);
}

template <class T>
void put_attribute(hid_t file, const char* name, T value) {
  const hdf5::Handle attribute(H5Aopen(file, name, H5P_DEFAULT));
  REQUIRE(H5Awrite(attribute.id(), hdf5::native_type<T>(), &value) >= 0);
}

// Reads all documents and returns the error; see thrown_error().
base::Error read_all(const fs::path& path) {
  return thrown_error([&path] {
    const TokenFileReader reader(path);
    for (int64_t i = 0; i < reader.document_count(); ++i) {
      reader.document(i);
    }
  });
}

void require_refused(const fs::path& path, const std::string& part) {
  const base::Error error = read_all(path);
  INFO(error.what());
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE(std::string(error.what()).find(part) != std::string::npos);
  REQUIRE(std::string(error.what()).find(path.string()) != std::string::npos);
}

// Simulates a full disk: files cannot grow beyond `bytes` bytes.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &previous_limit_);
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, previous_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &previous_limit_);
    std::signal(SIGXFSZ, previous_handler_);
  }

 private:
  rlimit previous_limit_{};
  void (*previous_handler_)(int);
};

}  // namespace

TEST_CASE("A missing file and files of a different kind are distinguished") {
  TestDirectory directory;
  REQUIRE(read_all(directory / "none.h5").status() == base::ExitStatus::io);
  REQUIRE(read_all(directory.path()).status() == base::ExitStatus::io);
  base::write_file(directory / "text", "not HDF5", false);
  require_refused(directory / "text", "not an HDF5 file");

  write_tokens(directory / "tokens.h5");
  const base::Error error =
      thrown_error([&] { SequenceFileReader reader(directory / "tokens.h5"); });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE(std::string(error.what()).find("gato-tokens") != std::string::npos);
  require_refused(fs::path(GATO_SOURCE_DIR) /
                      "tests/samples/minari/old/data/main_data.hdf5",
                  "an HDF5 file of unknown kind");
}

TEST_CASE("A file that is truncated anywhere is refused") {
  TestDirectory directory;
  write_tokens(directory / "complete.h5");
  const std::string bytes = file_bytes(directory / "complete.h5");
  for (size_t size : {size_t{0}, size_t{7}, size_t{100}, bytes.size() / 4,
                      bytes.size() / 2, bytes.size() - 1}) {
    base::write_file(directory / "truncated.h5", bytes.substr(0, size), true);
    REQUIRE(read_all(directory / "truncated.h5").status() ==
            base::ExitStatus::bad_input);
  }
}

// The library's own structures are not corrupted, because libhdf5 1.10 trusts
// its heap; see corruption_test.cc.
TEST_CASE("Any byte of any column may be corrupt") {
  TestDirectory directory;
  write_tokens(directory / "complete.h5", 1);
  const std::string bytes = file_bytes(directory / "complete.h5");
  std::vector<size_t> offsets;
  const hdf5::Group root = hdf5::open_file(directory / "complete.h5");
  for (const char* name :
       {"tokens", "modality", "steps/offset", "documents/first_step",
        "documents/task", "images/token", "images/rows", "patches"}) {
    const hdf5::Dataset dataset = root.dataset(name);
    const auto offset = dataset.file_offset(dataset.type().id());
    const auto size = static_cast<size_t>(H5Dget_storage_size(dataset.id()));
    for (size_t i = 0; i < size; i += 1 + size / 30) {
      offsets.push_back(static_cast<size_t>(*offset) + i);
    }
  }
  for (size_t offset : offsets) {
    std::string corrupt = bytes;
    corrupt[offset] = static_cast<char>(~corrupt[offset]);
    base::write_file(directory / "corrupt.h5", corrupt, true);
    // Other pixels and values may still be valid.
    const base::Error error = read_all(directory / "corrupt.h5");
    REQUIRE((error.status() == base::ExitStatus::success ||
             error.status() == base::ExitStatus::bad_input));
  }
}

TEST_CASE("Unfinished, newer and older files are refused with advice") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  write_tokens(path);
  edit(path, [](hid_t file) { put_attribute<int32_t>(file, "version", 2); });
  require_refused(path, "install a newer gato");
  edit(path, [](hid_t file) { put_attribute<int32_t>(file, "version", 0); });
  require_refused(path, "older");
  edit(path, [](hid_t file) { put_attribute<int32_t>(file, "version", 1); });
  REQUIRE(read_all(path).status() == base::ExitStatus::success);
  edit(path, [](hid_t file) { H5Adelete(file, "complete"); });
  require_refused(path, "run gato-tokenize again");
}

TEST_CASE("Offsets, patches and ids out of range are refused") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  const auto after = [&path](const std::function<void(hid_t)>& change) {
    write_tokens(path, 3, true);
    edit(path, change);
  };
  after([](hid_t file) { put<int64_t>(file, "steps/offset", 3, 1); });
  require_refused(path, "offsets must increase");
  after([](hid_t file) { put<int64_t>(file, "steps/offset", 60, 1 << 20); });
  require_refused(path, "offsets must increase");
  after([](hid_t file) { put<int64_t>(file, "documents/first_step", 1, -4); });
  require_refused(path, "offsets must increase");
  after([](hid_t file) { put<int32_t>(file, "tokens", 0, INT32_MIN); });
  require_refused(path, "patch number");
  after([](hid_t file) { put<int32_t>(file, "tokens", 17, 1 << 20); });
  require_refused(path,
                  "document 0, token 17: invalid id 1048576 of modality 5");
  after([](hid_t file) { put<uint8_t>(file, "modality", 16, 9); });
  require_refused(path, "modality 9");
  after([](hid_t file) { put<int32_t>(file, "documents/task", 1, 2); });
  require_refused(path, "the task of document 1 is 2");
  after([](hid_t file) { put<int32_t>(file, "documents/source", 2, -1); });
  require_refused(path, "the source of document 2 is -1");
  after([](hid_t file) { put<int32_t>(file, "documents/source", 2, 1); });
  require_refused(path, "the source of document 2 is 1");
  after([](hid_t file) { put<int64_t>(file, "images/token", 1, 3); });
  require_refused(path, "does not fit");
  after([](hid_t file) { put<int16_t>(file, "images/rows", 0, -1); });
  require_refused(path, "does not fit");
}

TEST_CASE("Ids and labels that contradict their modality are refused") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  // Token 4 of the episode is the second action value of the first step.
  auto episode = make_episode_document(2, 1, 1, 1);
  episode.labels = episode.tokens;
  episode.labels[4] = small_vocabulary().continuous_begin();
  const auto after = [&](const std::function<void(hid_t)>& change) {
    TokenFileWriter writer(path, true, small_vocabulary());
    writer.append(make_text_document(9));
    writer.append(episode);
    writer.commit(small_tasks(), small_provenance());
    edit(path, change);
  };
  const auto modality = [](int64_t token, uint8_t kind) {
    return [=](hid_t file) { put(file, "modality", token, kind); };
  };
  after(modality(3, 4));
  require_refused(path,
                  "document 0, token 3: invalid id 3 of modality 4 "
                  "(continuous_observation), whose ids are 1100 to 2123");
  after(modality(3, 5));
  require_refused(path, "(separator), whose ids are 2124 to 2124");
  // Discrete values share the first ids of text, so this is valid.
  after(modality(3, 3));
  REQUIRE(read_all(path).status() == base::ExitStatus::success);
  after(modality(13, 6));
  require_refused(path, "(discrete_action), whose ids are 0 to 1023");
  after([](hid_t file) { put<int32_t>(file, "labels", 13, 7); });
  require_refused(path,
                  "document 1, token 4: invalid label 7 of modality 7 "
                  "(continuous_action)");
}

TEST_CASE("Names that contain control characters are refused") {
  const auto refusal = [](const std::string& name, const std::string& source) {
    return std::string(thrown_error([&] {
                         TaskTable::from_json({{"tasks", {{{"name", name}}}},
                                               {"sources", {source}}});
                       }).what());
  };
  REQUIRE(refusal("text", "expert") == "nothing was thrown");
  REQUIRE(refusal("te\nxt", "expert") ==
          "the table of tasks: task \"te\\nxt\": the task \"te\\nxt\" contains "
          "control characters");
  REQUIRE(refusal("text", "\x1b[2J") ==
          "the table of tasks: the source \"\\x1b[2J\" contains control "
          "characters");
}

TEST_CASE("A text model that does not match its digest is refused") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  write_tokens(path);
  edit(path, [](hid_t file) {
    put<uint8_t>(file, "vocabulary/sentencepiece", 4, 'X');
  });
  require_refused(path, "the digest of the SentencePiece model is");
}

TEST_CASE("A shape that exceeds the stored data is refused before it is read") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  write_tokens(path);
  edit(path, [](hid_t file) {
    H5Ldelete(file, "tokens", H5P_DEFAULT);
    const hsize_t extent = hsize_t{1} << 39;
    const hdf5::Handle space(H5Screate_simple(1, &extent, nullptr));
    const hdf5::Handle properties(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = 1024;
    H5Pset_chunk(properties.id(), 1, &chunk);
    const hdf5::Handle dataset(H5Dcreate2(file, "tokens", H5T_STD_I32LE,
                                          space.id(), H5P_DEFAULT,
                                          properties.id(), H5P_DEFAULT));
    REQUIRE(dataset.is_valid());
  });
  require_refused(path, "the shape requires");
}

TEST_CASE("Chunked datasets and wider types of other writers are read") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  write_tokens(path, 1);
  const auto expected = TokenFileReader(path).document(0);
  edit(path, [](hid_t file) {
    std::vector<int64_t> tokens;
    {
      const hdf5::Dataset dataset(
          hdf5::Handle(H5Dopen2(file, "tokens", H5P_DEFAULT)), "tokens");
      tokens = dataset.read_all<int64_t>();
    }
    H5Ldelete(file, "tokens", H5P_DEFAULT);
    const hsize_t extent = tokens.size(), chunk = 7;
    const hdf5::Handle space(H5Screate_simple(1, &extent, nullptr));
    const hdf5::Handle properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(properties.id(), 1, &chunk);
    H5Pset_deflate(properties.id(), 4);
    const hdf5::Handle dataset(H5Dcreate2(file, "tokens", H5T_STD_I64LE,
                                          space.id(), H5P_DEFAULT,
                                          properties.id(), H5P_DEFAULT));
    REQUIRE(H5Dwrite(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL,
                     H5P_DEFAULT, tokens.data()) >= 0);
  });
  const auto found = TokenFileReader(path).document(0);
  REQUIRE(found.tokens == expected.tokens);
  REQUIRE(found.patches == expected.patches);
}

TEST_CASE("A full disk leaves nothing behind") {
  TestDirectory directory;
  const auto write = [&directory] {
    TokenFileWriter writer(directory / "tokens.h5", false, small_vocabulary());
    for (int i = 0; i < 4; ++i) {
      writer.append(make_episode_document(30, 3, 3, i));
    }
    writer.commit(small_tasks(), small_provenance());
  };
  write();
  const auto size = fs::file_size(directory / "tokens.h5");
  fs::remove(directory / "tokens.h5");
  // The disk fills up while columns are spooled, while they are copied, and at
  // the end.
  for (rlim_t bytes :
       {rlim_t{1000}, size / 10, size / 2, size - 3000, size - 600, size - 1}) {
    const base::Error error = thrown_error([&] {
      const FullDisk full(bytes);
      write();
    });
    INFO(bytes << ": " << error.what());
    REQUIRE(error.status() == base::ExitStatus::io);
    REQUIRE(directory.entry_names().empty());
  }
  const base::Error error = thrown_error([&] {
    const FullDisk full(100'000);
    SequenceFileWriter writer(directory / "rows.h5", false,
                              {1000, 1024, 0, false}, small_vocabulary());
    SequenceRow row;
    row.input.tokens.assign(1024, 1);
    row.input.modality.assign(1024, Modality::text);
    row.input.local_position.assign(1024, -1);
    row.input.interval.resize(1024);
    row.segment_ids.assign(1024, 0);
    row.prompt_mask.assign(1024, 0);
    for (int i = 0; i < 1000; ++i) {
      writer.append(row);
    }
    writer.commit(small_tasks(), {}, nullptr, small_provenance());
  });
  REQUIRE(error.status() == base::ExitStatus::io);
  REQUIRE(directory.entry_names().empty());
  write_tokens(directory / "tokens.h5");
  REQUIRE(read_all(directory / "tokens.h5").status() ==
          base::ExitStatus::success);
}

TEST_CASE("A killed writer leaves nothing under the final name") {
  TestDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) {
    TokenFileWriter tokens(directory / "tokens.h5", false, small_vocabulary());
    tokens.append(make_episode_document(20, 4, 4, 1));
    SequenceFileWriter rows(directory / "rows.h5", false, {10, 1024, 0, false},
                            small_vocabulary());
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  for (const std::string& name : directory.entry_names()) {
    REQUIRE(name.starts_with(".rows.h5.tmp-"));
  }
  REQUIRE(read_all(directory / "tokens.h5").status() == base::ExitStatus::io);
}

TEST_CASE("A file that is truncated while it is mapped is named") {
  TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  write_tokens(path);
  const fs::path messages = directory / "messages";
  const pid_t child = ::fork();
  if (child == 0) {
    const int descriptor =
        ::open(messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(descriptor, STDERR_FILENO);
    base::install_hdf5_crash_handler();
    const TokenFileReader reader(path);
    const base::AtomicOutput output(directory / "output", false);
    std::ofstream(output.temporary_path()) << "incomplete";
    fs::resize_file(path, 0);
    for (int64_t i = 0; i < reader.document_count(); ++i) {
      reader.document(i);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const std::string text = file_bytes(messages);
  INFO(text);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == static_cast<int>(base::ExitStatus::io));
  REQUIRE(text.find(path.string() + ": it was truncated") != std::string::npos);
  REQUIRE(directory.entry_names() ==
          std::vector<std::string>{"messages", "tokens.h5"});
}

TEST_CASE("Corrupt rows of a sequence file are refused") {
  TestDirectory directory;
  const fs::path path = directory / "rows.h5";
  const auto after = [&path](const std::function<void(hid_t)>& change) {
    SequenceFileWriter writer(path, true, {1, 4, 0, false}, small_vocabulary());
    SequenceRow row;
    row.input = make_token_row(make_text_document(4), 0, 4);
    row.segment_ids.assign(4, 0);
    row.prompt_mask.assign(4, 0);
    writer.append(row);
    writer.commit(small_tasks(), {}, nullptr, small_provenance());
    edit(path, change);
    return thrown_error([&path] { SequenceFileReader(path).row(0); }).status();
  };
  const auto put_row = [](hid_t file, const char* name, auto value) {
    using T = decltype(value);
    const std::vector<T> row(4, value);
    hdf5::Dataset dataset(hdf5::Handle(H5Dopen2(file, name, H5P_DEFAULT)),
                          name);
    dataset.write(hdf5::native_type<T>(), 0, 1, row.data());
  };
  REQUIRE(after([](hid_t) {}) == base::ExitStatus::success);
  REQUIRE(after([&](hid_t f) { put_row(f, "tokens", int32_t{99999}); }) ==
          base::ExitStatus::bad_input);
  REQUIRE(after([&](hid_t f) { put_row(f, "modality", uint8_t{2}); }) ==
          base::ExitStatus::bad_input);
  REQUIRE(after([&](hid_t f) { put_row(f, "local", int16_t{512}); }) ==
          base::ExitStatus::bad_input);
  REQUIRE(after([&](hid_t f) { put_row(f, "modality", uint8_t{4}); }) ==
          base::ExitStatus::bad_input);
  REQUIRE(after([](hid_t f) {
            put<uint8_t>(f, "vocabulary/sentencepiece", 0, 'X');
          }) == base::ExitStatus::bad_input);
  REQUIRE(after([](hid_t f) { put<int32_t>(f, "task", 0, -1); }) ==
          base::ExitStatus::bad_input);
}

// Data outside the file that refers to it: virtual datasets, raw data files and
// links. libhdf5 alone reads fill values or zeros for much of what is missing.
#include "gato/data/hdf5/hdf5_sources.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <numeric>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5_unwritten.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

constexpr hsize_t kRows = 4, kColumns = 3;  // of each source

hdf5::Handle create(const fs::path& path) {
  hdf5::is_hdf5(path);  // initializes libhdf5 as the programs do
  hdf5::Handle file(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  REQUIRE(file.is_valid());
  return file;
}

hdf5::Handle matrix_space(hsize_t rows, hsize_t max_rows) {
  const hsize_t shape[] = {rows, kColumns}, max_shape[] = {max_rows, kColumns};
  return hdf5::Handle(H5Screate_simple(2, shape, max_shape));
}

// Adds a matrix of the numbers first, first + 1, ...
void write_matrix(const hdf5::Handle& file, const char* name, double first,
                  hsize_t rows = kRows, hsize_t max_rows = kRows) {
  std::vector<double> values(rows * kColumns);
  std::iota(values.begin(), values.end(), first);
  const hdf5::Handle space = matrix_space(rows, max_rows);
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t chunk[] = {rows, kColumns};
  H5Pset_chunk(creation.id(), 2, chunk);
  const hdf5::Handle dataset(H5Dcreate2(file.id(), name, H5T_NATIVE_DOUBLE,
                                        space.id(), H5P_DEFAULT, creation.id(),
                                        H5P_DEFAULT));
  REQUIRE(H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
                   H5P_DEFAULT, values.data()) >= 0);
}

void write_source(const fs::path& path, double first, hsize_t rows = kRows,
                  const char* name = "rows") {
  write_matrix(create(path), name, first, rows, H5S_UNLIMITED);
}

// Writes a virtual dataset "all" that joins the matrices "rows" of the files.
void write_virtual(const fs::path& path,
                   const std::vector<std::string>& sources) {
  const hdf5::Handle file = create(path);
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t rows = kRows * sources.size();
  const hdf5::Handle space = matrix_space(rows, rows);
  const hdf5::Handle source_space = matrix_space(kRows, kRows);
  for (size_t i = 0; i < sources.size(); ++i) {
    const hsize_t start[] = {i * kRows, 0}, count[] = {kRows, kColumns};
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr, count,
                        nullptr);
    REQUIRE(H5Pset_virtual(creation.id(), space.id(), sources[i].c_str(),
                           "rows", source_space.id()) >= 0);
  }
  H5Sselect_all(space.id());
  const hdf5::Handle dataset(H5Dcreate2(file.id(), "all", H5T_NATIVE_DOUBLE,
                                        space.id(), H5P_DEFAULT, creation.id(),
                                        H5P_DEFAULT));
  REQUIRE(dataset.is_valid());
}

// Writes a virtual dataset "all" without an end, which declares `rows` rows:
// block i of kRows rows is in the source whose name has the number i in place
// of
// "%b".
void write_numbered(const fs::path& path, const std::string& source,
                    hsize_t rows = 0) {
  const hdf5::Handle file = create(path);
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const hdf5::Handle space = matrix_space(rows, H5S_UNLIMITED);
  const hdf5::Handle source_space = matrix_space(kRows, kRows);
  const hsize_t start[] = {0, 0}, stride[] = {kRows, kColumns},
                count[] = {H5S_UNLIMITED, 1}, block[] = {kRows, kColumns};
  H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, stride, count, block);
  REQUIRE(H5Pset_virtual(creation.id(), space.id(), source.c_str(), "rows",
                         source_space.id()) >= 0);
  const hdf5::Handle extent = matrix_space(rows, H5S_UNLIMITED);
  const hdf5::Handle dataset(H5Dcreate2(file.id(), "all", H5T_NATIVE_DOUBLE,
                                        extent.id(), H5P_DEFAULT, creation.id(),
                                        H5P_DEFAULT));
  REQUIRE(dataset.is_valid());
}

std::vector<double> read_all(const fs::path& path, const char* name = "all") {
  return hdf5::open_file(path).dataset(name).read_all<double>();
}

std::vector<double> numbers(size_t count) {
  std::vector<double> values(count * kColumns);
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}

void require_refused(const fs::path& path, base::ExitStatus status,
                     const std::vector<std::string>& parts) {
  const base::Error error = thrown_error([&] { read_all(path); });
  INFO(error.what());
  REQUIRE(error.status() == status);
  REQUIRE(std::string(error.what()).starts_with(path.string() + ": all: "));
  for (const std::string& part : parts) {
    CHECK(std::string(error.what()).find(part) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("A virtual dataset is read from its sources") {
  const TestDirectory directory;
  fs::create_directory(directory / "parts");
  write_source(directory / "parts/a.h5", 0);
  write_source(directory / "b%1.h5", 12);
  write_virtual(directory / "all.h5",
                {"parts/a.h5", (directory / "b%%1.h5").string()});
  REQUIRE(read_all(directory / "all.h5") == numbers(8));

  // A source may be virtual itself, or in the same file under any name.
  write_virtual(directory / "outer.h5", {"inner.h5", "./outer.h5", "."});
  write_virtual(directory / "inner.h5", {"parts/a.h5"});
  {
    const hdf5::Handle outer(
        H5Fopen((directory / "outer.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    write_matrix(outer, "rows", 12);
    const hdf5::Handle inner(
        H5Fopen((directory / "inner.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    REQUIRE(H5Lcreate_hard(inner.id(), "all", inner.id(), "rows", H5P_DEFAULT,
                           H5P_DEFAULT) >= 0);
  }
  auto expected = numbers(8);
  const std::vector<double> last(expected.begin() + 12, expected.end());
  expected.insert(expected.end(), last.begin(), last.end());
  REQUIRE(read_all(directory / "outer.h5") == expected);
}

TEST_CASE("A virtual dataset of more than 64 MiB is read") {
  const TestDirectory directory;
  const fs::path all = directory / "all.h5";
  constexpr hsize_t kManyRows = 3'000'000;
  write_matrix(create(directory / "a.h5"), "rows", 0, 1'000'000, 1'000'000);
  {
    const hdf5::Handle file = create(all);
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    const hdf5::Handle space = matrix_space(kManyRows, kManyRows);
    const hdf5::Handle part = matrix_space(1'000'000, 1'000'000);
    for (hsize_t first = 0; first < kManyRows; first += 1'000'000) {
      const hsize_t start[] = {first, 0}, count[] = {1'000'000, kColumns};
      H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr, count,
                          nullptr);
      H5Pset_virtual(creation.id(), space.id(), "a.h5", "rows", part.id());
    }
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "all", H5T_NATIVE_DOUBLE,
                                          space.id(), H5P_DEFAULT,
                                          creation.id(), H5P_DEFAULT));
    REQUIRE(dataset.is_valid());
  }
  REQUIRE(read_all(all).back() == 3e6 - 1);
}

TEST_CASE("A virtual dataset without all of its sources is refused") {
  const TestDirectory directory;
  const fs::path all = directory / "all.h5", part = directory / "b.h5";
  write_virtual(all, {"a.h5", "b.h5", "a.h5"});
  write_source(directory / "a.h5", 0);
  require_refused(all, base::ExitStatus::io, {"b.h5", "HDF5_VDS_PREFIX"});
  write_source(part, 12);
  REQUIRE(read_all(all).size() == 36);
  write_source(part, 12, kRows, "renamed");
  require_refused(all, base::ExitStatus::bad_input,
                  {part.string(), "there is no dataset \"rows\""});
  write_source(part, 12, kRows - 1);
  require_refused(all, base::ExitStatus::bad_input,
                  {part.string(), "[3, 3]", "does not fit"});
  base::write_file(part, "no longer HDF5", true);
  require_refused(all, base::ExitStatus::bad_input,
                  {part.string(), "not an HDF5 file"});
  base::write_file(part,
                   "version https://git-lfs.github.com/spec/v1\noid sha256:"
                   "4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n",
                   true);
  require_refused(all, base::ExitStatus::io, {part.string(), "git lfs pull"});
  // A source that is a virtual dataset without a source.
  write_virtual(part, {"c.h5"});
  {
    const hdf5::Handle file(H5Fopen(part.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Lmove(file.id(), "all", file.id(), "rows", H5P_DEFAULT, H5P_DEFAULT);
  }
  require_refused(all, base::ExitStatus::io, {part.string(), "c.h5"});
  // A virtual dataset that is its own source.
  write_virtual(part, {"b.h5"});
  {
    const hdf5::Handle file(H5Fopen(part.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Lmove(file.id(), "all", file.id(), "rows", H5P_DEFAULT, H5P_DEFAULT);
  }
  require_refused(all, base::ExitStatus::bad_input, {"levels deep"});
}

TEST_CASE("Numbered sources of a virtual dataset must be complete") {
  const TestDirectory directory;
  const fs::path all = directory / "all.h5";
  write_numbered(all, "part-%b.h5");
  require_refused(all, base::ExitStatus::io, {"part-0.h5"});
  for (int i = 0; i < 5; ++i) {
    write_source(directory / fmt::format("part-{}.h5", i), 12 * i);
  }
  REQUIRE(read_all(all) == numbers(20));
  fs::remove(directory / "part-2.h5");
  require_refused(all, base::ExitStatus::io, {"part-2.h5"});
}

TEST_CASE("The last numbered sources are missed if the shape requires them") {
  const TestDirectory directory;
  const fs::path all = directory / "all.h5";
  write_numbered(all, "part-%b.h5", 2 * kRows);
  write_source(directory / "part-0.h5", 0);
  require_refused(all, base::ExitStatus::io, {"part-1.h5"});
  write_source(directory / "part-1.h5", 12);
  REQUIRE(read_all(all) == numbers(2 * kRows));
  // Sources may be added later.
  write_source(directory / "part-2.h5", 24);
  REQUIRE(read_all(all) == numbers(3 * kRows));
}

TEST_CASE("Gaps in sources and between them belong to the virtual dataset") {
  const TestDirectory directory;
  const fs::path all = directory / "all.h5", source = directory / "a.h5";
  write_virtual(all, {"a.h5"});
  write_source(source, 0);
  REQUIRE(read_all(all) == numbers(kRows));
  CHECK(hdf5::take_unwritten_warning(all) == std::nullopt);
  {
    const hdf5::Handle file = create(source);
    const hdf5::Handle space = matrix_space(kRows, kRows);
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "rows", H5T_NATIVE_DOUBLE,
                                          space.id(), H5P_DEFAULT, H5P_DEFAULT,
                                          H5P_DEFAULT));
  }
  read_all(all);
  CHECK_THAT(hdf5::take_unwritten_warning(all).value_or(""),
             Contains("a.h5: rows: all 12 elements were never written"));
  CHECK(hdf5::take_unwritten_warning(source) == std::nullopt);

  const fs::path gap = directory / "gap.h5";
  {
    const hdf5::Handle file = create(gap);
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    const hdf5::Handle space = matrix_space(2 * kRows, 2 * kRows);
    const hsize_t start[] = {0, 0}, count[] = {kRows, kColumns};
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start, nullptr, count,
                        nullptr);
    H5Pset_virtual(creation.id(), space.id(), "a.h5", "rows",
                   matrix_space(kRows, kRows).id());
    H5Sselect_all(space.id());
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "all", H5T_NATIVE_DOUBLE,
                                          space.id(), H5P_DEFAULT,
                                          creation.id(), H5P_DEFAULT));
  }
  write_source(source, 0);
  read_all(gap);
  CHECK_THAT(hdf5::take_unwritten_warning(gap).value_or(""),
             Contains("all: 12 of 24 elements"));
}

TEST_CASE("More sources than files that a process may open are read") {
  const TestDirectory directory;
  rlimit previous{};
  getrlimit(RLIMIT_NOFILE, &previous);
  const rlimit limit{100, previous.rlim_max};
  setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<std::string> sources;
  for (int i = 0; i < 150; ++i) {
    sources.push_back(fmt::format("{}.h5", i));
    write_source(directory / sources.back(), 12 * i);
  }
  write_virtual(directory / "all.h5", sources);
  const auto values = read_all(directory / "all.h5");
  setrlimit(RLIMIT_NOFILE, &previous);
  REQUIRE(values == numbers(600));
}

TEST_CASE("Raw data files of a dataset must be complete") {
  const TestDirectory directory;
  const fs::path all = directory / "all.h5";
  {
    const hdf5::Handle file = create(all);
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_external(creation.id(), "a.raw", 8, 48);
    H5Pset_external(creation.id(), "b.raw", 0, H5F_UNLIMITED);
    const hdf5::Handle space = matrix_space(kRows, kRows);
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "all", H5T_NATIVE_DOUBLE,
                                          space.id(), H5P_DEFAULT,
                                          creation.id(), H5P_DEFAULT));
    REQUIRE(dataset.is_valid());
  }
  const std::vector<double> values = numbers(kRows);
  const auto bytes = [&](size_t first, size_t count) {
    return std::string_view(
        reinterpret_cast<const char*>(values.data() + first),
        count * sizeof(double));
  };
  base::write_file(directory / "a.raw", "--------" + std::string(bytes(0, 6)),
                   false);
  require_refused(all, base::ExitStatus::io, {"b.raw", "No such file"});
  base::write_file(directory / "b.raw", bytes(6, 5), false);
  require_refused(all, base::ExitStatus::bad_input, {"b.raw", "truncated"});
  base::write_file(directory / "b.raw", bytes(6, 6), true);
  REQUIRE(read_all(all) == values);
}

TEST_CASE("Links that lead nowhere are refused") {
  const TestDirectory directory;
  const fs::path path = directory / "links.h5";
  {
    const hdf5::Handle file = create(path);
    const auto soft = [&](const char* target, const char* name) {
      H5Lcreate_soft(target, file.id(), name, H5P_DEFAULT, H5P_DEFAULT);
    };
    soft("/none", "broken");
    soft("/other", "other_again");
    H5Lcreate_external("other.h5", "/rows", file.id(), "other", H5P_DEFAULT,
                       H5P_DEFAULT);
  }
  const hdf5::Group root = hdf5::open_file(path);
  const auto refusal = [&](const char* name) {
    const base::Error has = thrown_error([&] { root.has(name); });
    const base::Error is_group = thrown_error([&] { root.is_group(name); });
    const base::Error open = thrown_error([&] { root.dataset(name); });
    CHECK(std::string(has.what()) == is_group.what());
    CHECK(std::string(has.what()) == open.what());
    return open;
  };
  REQUIRE(root.dataset_paths() ==
          std::vector<std::string>{"broken", "other", "other_again"});
  REQUIRE_FALSE(root.has("none"));
  REQUIRE(std::string(refusal("broken").what()) ==
          path.string() +
              ": broken: a link to \"/none\", which does not exist in the "
              "file: write the file again");
  REQUIRE(refusal("other").status() == base::ExitStatus::io);
  REQUIRE(std::string(refusal("other").what())
              .find("\"other.h5\", which does not") != std::string::npos);
  write_source(directory / "other.h5", 0, kRows, "renamed");
  REQUIRE(refusal("other").status() == base::ExitStatus::bad_input);
  write_source(directory / "other.h5", 0);
  REQUIRE(root.has("other"));
  REQUIRE(read_all(path, "other_again") == numbers(kRows));
}

TEST_CASE("A token file whose column is in another file is read from there") {
  const TestDirectory directory;
  const fs::path path = directory / "tokens.h5";
  const auto write = [](const fs::path& file, int tokens) {
    TokenFileWriter writer(file, false, small_vocabulary());
    writer.append(make_text_document(tokens));
    writer.commit(small_tasks(), small_provenance());
  };
  write(path, 9);
  const auto expected = TokenFileReader(path).document(0).tokens;
  write(directory / "other.h5", 9);
  {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    std::vector<int32_t> zeros(9, 0);
    const hdf5::Handle tokens(H5Dopen2(file.id(), "tokens", H5P_DEFAULT));
    H5Dwrite(tokens.id(), H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT,
             zeros.data());
    H5Ldelete(file.id(), "tokens", H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/tokens", file.id(), "tokens", H5P_DEFAULT,
                       H5P_DEFAULT);
  }
  REQUIRE(TokenFileReader(path).document(0).tokens == expected);
}

TEST_CASE("A file that another process writes is in use, not corrupt") {
  const TestDirectory directory;
  const fs::path path = directory / "locked.h5";
  write_source(path, 0);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(descriptor, LOCK_EX | LOCK_NB) == 0);
  const base::Error locked = thrown_error([&] { hdf5::open_file(path); });
  REQUIRE(locked.status() == base::ExitStatus::io);
  REQUIRE(std::string(locked.what()).find("in use") != std::string::npos);
  REQUIRE(::flock(descriptor, LOCK_SH | LOCK_NB) == 0);  // of a reader
  REQUIRE(hdf5::open_file(path).has("rows"));
  ::close(descriptor);

  // Without locks, the file itself says that its writer has not closed it.
  const hdf5::Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110);
  const hdf5::Handle writer(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()));
  H5Fflush(writer.id(), H5F_SCOPE_GLOBAL);
  const fs::path copy = directory / "copy.h5";
  fs::copy_file(path, copy);
  const base::Error open = thrown_error([&] { hdf5::open_file(copy); });
  INFO(open.what());
  REQUIRE(open.status() == base::ExitStatus::io);
  REQUIRE(std::string(open.what()).find("h5clear -s") != std::string::npos);
}

// Newer libraries write later versions of types, as this change does.
TEST_CASE("A file for a newer library is refused with advice") {
  const TestDirectory directory;
  const fs::path path = directory / "newer.h5";
  {
    const hdf5::Handle file = create(path);
    write_matrix(file, "rows", 0);
  }
  std::string bytes = file_bytes(path);
  // The class and version of a 64-bit floating-point type, and its bit fields.
  const size_t type = bytes.find(std::string("\x11\x20\x3f\x00", 4));
  REQUIRE(type != std::string::npos);
  bytes[type] = '\x51';
  base::write_file(path, bytes, true);
  const base::Error error =
      thrown_error([&] { hdf5::open_file(path).dataset("rows"); });
  INFO(error.what());
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  for (const char* part : {": rows: ", "newer HDF5", "older_hdf5.py", "1.10"}) {
    CHECK(std::string(error.what()).find(part) != std::string::npos);
  }
}

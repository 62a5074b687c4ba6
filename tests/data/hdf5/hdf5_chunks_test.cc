#include "gato/data/hdf5/hdf5_chunks.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "data/sample_documents.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;
using Catch::Matchers::Contains;

namespace {

struct Layout {
  std::vector<hsize_t> shape, chunk;  // contiguous if `chunk` is empty
  bool is_shuffled = false, is_deflated = false, has_checksum = false;
  H5D_fill_time_t fill_time = H5D_FILL_TIME_IFSET;
};

// Writes a file with a dataset "x" of this layout. If `bytes` is empty, no
// element is written.
void write_dataset(const std::filesystem::path& path, const Layout& layout,
                   hid_t type, const std::vector<uint8_t>& bytes) {
  const hdf5::Handle file(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const int rank = static_cast<int>(layout.shape.size());
  if (!layout.chunk.empty()) {
    H5Pset_chunk(creation.id(), rank, layout.chunk.data());
  }
  if (layout.is_shuffled) {
    H5Pset_shuffle(creation.id());
  }
  if (layout.is_deflated) {
    H5Pset_deflate(creation.id(), 4);
  }
  if (layout.has_checksum) {
    H5Pset_fletcher32(creation.id());
  }
  H5Pset_fill_time(creation.id(), layout.fill_time);
  // Chunks may be larger than the shape only if the dataset can grow.
  const std::vector<hsize_t> max_shape(layout.shape.size(), H5S_UNLIMITED);
  const hdf5::Handle space(
      H5Screate_simple(rank, layout.shape.data(),
                       layout.chunk.empty() ? nullptr : max_shape.data()));
  const hdf5::Handle dataset(H5Dcreate2(file.id(), "x", type, space.id(),
                                        H5P_DEFAULT, creation.id(),
                                        H5P_DEFAULT));
  REQUIRE(dataset.is_valid());
  if (!bytes.empty()) {
    REQUIRE(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                     bytes.data()) >= 0);
  }
}

size_t byte_count(const Layout& layout, hid_t type) {
  return std::accumulate(layout.shape.begin(), layout.shape.end(),
                         H5Tget_size(type), std::multiplies<size_t>());
}

std::vector<uint8_t> random_bytes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> bytes(count);
  // Only a few values, so that the bytes can be compressed.
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(random() % 5);
  }
  return bytes;
}

// Decodes "x" with ChunkedDataset. Returns nullopt if the library must read it.
std::optional<std::vector<uint8_t>> decode(const std::filesystem::path& path) {
  const hdf5::Group root = hdf5::open_file(path);
  const hdf5::Dataset dataset = root.dataset("x");
  const auto chunks =
      hdf5::ChunkedDataset::open(dataset, hdf5::open_file_reader(root));
  if (!chunks) {
    return std::nullopt;
  }
  std::vector<uint8_t> bytes(
      static_cast<size_t>(element_count(dataset.shape())) *
      item_size(*dataset.dtype()));
  chunks->read(reinterpret_cast<std::byte*>(bytes.data()));
  return bytes;
}

}  // namespace

TEST_CASE("A dataset of any layout is decoded as by the library") {
  TestDirectory directory;
  const auto path = directory / "x.h5";
  std::mt19937_64 random(1);
  const auto below = [&random](uint64_t n) { return random() % n; };
  const hid_t types[] = {H5T_NATIVE_UINT8, H5T_NATIVE_INT16, H5T_NATIVE_FLOAT,
                         H5T_NATIVE_DOUBLE};
  for (int i = 0; i < 400; ++i) {
    Layout layout;
    const size_t rank = 1 + below(4);
    for (size_t axis = 0; axis < rank; ++axis) {
      layout.shape.push_back(1 + below(axis == 0 ? 20 : 7));
      layout.chunk.push_back(below(3) == 0 ? layout.shape.back()
                                           : 1 + below(8));
    }
    if (below(6) == 0) {
      layout.chunk.clear();
    }
    layout.is_shuffled = !layout.chunk.empty() && below(2) == 0;
    layout.is_deflated = !layout.chunk.empty() && below(2) == 0;
    const hid_t type = types[below(4)];
    const auto bytes = random_bytes(byte_count(layout, type), random());
    CAPTURE(i, layout.shape, layout.chunk, layout.is_shuffled,
            layout.is_deflated);
    write_dataset(path, layout, type, bytes);
    const auto found = decode(path);
    REQUIRE(found);
    REQUIRE(*found == bytes);
  }
}

TEST_CASE("Images in the chunks that h5py chooses are decoded") {
  TestDirectory directory;
  const Layout layout{{101, 48, 40, 3}, {26, 12, 20, 1}};
  const auto bytes = random_bytes(byte_count(layout, H5T_NATIVE_UINT8), 1);
  write_dataset(directory / "x.h5", layout, H5T_NATIVE_UINT8, bytes);
  REQUIRE(decode(directory / "x.h5") == bytes);
}

TEST_CASE("A dataset that only the library can read is left to it") {
  TestDirectory directory;
  const auto path = directory / "x.h5";
  const Layout plain{{8, 3}, {4, 3}};
  Layout with_checksum = plain;
  with_checksum.has_checksum = true;
  const auto numbers = random_bytes(8 * 3 * 4, 1);
  write_dataset(path, with_checksum, H5T_NATIVE_FLOAT, numbers);
  CHECK_FALSE(decode(path));
  write_dataset(path, plain, H5T_IEEE_F32BE, numbers);
  CHECK_FALSE(decode(path));
  Layout unfilled = plain;
  unfilled.fill_time = H5D_FILL_TIME_NEVER;
  write_dataset(path, unfilled, H5T_NATIVE_FLOAT, {});  // no chunk was written
  CHECK_FALSE(decode(path));
  Layout deflated = plain;
  deflated.is_deflated = true;
  write_dataset(path, deflated, H5T_NATIVE_FLOAT, {});
  CHECK_FALSE(decode(path));
  write_dataset(path, {{8, 3}, {}}, H5T_NATIVE_FLOAT, {});
  CHECK_FALSE(decode(path));
  write_dataset(path, {{2000}, {1}}, H5T_NATIVE_UINT8,
                random_bytes(2000, 1));  // chunks of one byte
  CHECK_FALSE(decode(path));
  write_dataset(path, plain, H5T_NATIVE_FLOAT, {});  // filled with zeros
  CHECK(decode(path) == std::vector<uint8_t>(numbers.size()));
  write_dataset(path, plain, H5T_NATIVE_FLOAT, numbers);
  CHECK(decode(path) == numbers);
}

TEST_CASE("A linked dataset is decoded only if it is chunked") {
  TestDirectory directory;
  const auto bytes = random_bytes(4096, 1);
  write_dataset(directory / "far.h5", {{4096}, {}}, H5T_NATIVE_UINT8, bytes);
  write_dataset(directory / "far-chunked.h5", {{4096}, {512}}, H5T_NATIVE_UINT8,
                bytes);
  for (const char* far : {"far.h5", "far-chunked.h5"}) {
    const auto path = directory / "near.h5";
    {
      const hdf5::Handle file(
          H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
      H5Lcreate_external(far, "/x", file.id(), "x", H5P_DEFAULT, H5P_DEFAULT);
    }
    const hdf5::Group root = hdf5::open_file(path);
    const auto chunks = hdf5::ChunkedDataset::open(
        root.dataset("x"), hdf5::open_file_reader(root));
    REQUIRE(chunks.has_value() == (std::string(far) == "far-chunked.h5"));
    REQUIRE(decode(directory / far) == bytes);
  }
}

TEST_CASE("A shuffled chunk of the wrong size is refused") {
  TestDirectory directory;
  const auto path = directory / "x.h5";
  Layout layout{{64}, {64}};
  layout.is_shuffled = true;
  write_dataset(path, layout, H5T_NATIVE_DOUBLE, {});
  {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    const hdf5::Handle dataset(H5Dopen2(file.id(), "x", H5P_DEFAULT));
    const hsize_t corner = 0;
    const std::vector<uint8_t> chunk(3);
    REQUIRE(H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, &corner, chunk.size(),
                           chunk.data()) >= 0);
  }
  CHECK_THAT(thrown_error([&] { decode(path); }).what(),
             Contains("a chunk is corrupt"));
}

// For example h5py's own filter LZF, which other programs lack.
TEST_CASE("The message names a filter that the library lacks") {
  TestDirectory directory;
  const auto path = directory / "x.h5";
  {
    const hdf5::Handle file(
        H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hdf5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t extent = 16;
    H5Pset_chunk(creation.id(), 1, &extent);
    constexpr H5Z_filter_t kLzf = 32000;
    H5Pset_filter(creation.id(), kLzf, H5Z_FLAG_OPTIONAL, 0, nullptr);
    const hdf5::Handle space(H5Screate_simple(1, &extent, nullptr));
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "x", H5T_NATIVE_UINT8,
                                          space.id(), H5P_DEFAULT,
                                          creation.id(), H5P_DEFAULT));
    const std::vector<uint8_t> chunk(16);
    const hsize_t corner = 0;
    REQUIRE(H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, &corner, chunk.size(),
                           chunk.data()) >= 0);
  }
  const hdf5::Group root = hdf5::open_file(path);
  CHECK_FALSE(hdf5::ChunkedDataset::open(root.dataset("x"),
                                         hdf5::open_file_reader(root)));
  CHECK_THAT(thrown_error([&] { root.dataset("x").read_array(); }).what(),
             Contains("the filter 32000") && Contains("HDF5_PLUGIN_PATH"));
}

TEST_CASE("Corrupt chunks are refused") {
  TestDirectory directory;
  Layout layout{{64, 64}, {64, 64}};
  layout.is_deflated = true;
  const auto bytes = random_bytes(byte_count(layout, H5T_NATIVE_UINT8), 1);
  write_dataset(directory / "x.h5", layout, H5T_NATIVE_UINT8, bytes);
  std::string file = test::file_bytes(directory / "x.h5");
  // The chunk is at the end of the file.
  for (size_t i = file.size() - 300; i < file.size() - 280; ++i) {
    file[i] ^= 85;
  }
  base::write_file(directory / "y.h5", file, true);
  CHECK_THAT(thrown_error([&] { decode(directory / "y.h5"); }).what(),
             Contains("y.h5: x: a chunk is corrupt"));
}

TEST_CASE("A file that is truncated while it is read is refused") {
  TestDirectory directory;
  const Layout layout{{4096}, {}};
  const auto bytes = random_bytes(4096, 1);
  write_dataset(directory / "x.h5", layout, H5T_NATIVE_UINT8, bytes);
  const hdf5::Group root = hdf5::open_file(directory / "x.h5");
  const auto chunks = hdf5::ChunkedDataset::open(root.dataset("x"),
                                                 hdf5::open_file_reader(root));
  REQUIRE(chunks);
  std::filesystem::resize_file(directory / "x.h5", 3000);
  std::vector<std::byte> found(4096);
  CHECK_THAT(thrown_error([&] { chunks->read(found.data()); }).what(),
             Contains("truncated while it was being read"));
}

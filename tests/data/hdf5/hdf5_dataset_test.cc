// Datasets and attributes of types that other writers use.
#include <catch2/catch.hpp>
#include <functional>

#include "data/sample_documents.h"
#include "gato/data/hdf5/hdf5.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

// Returns texts of 5 characters, padded as the type says.
hdf5::Handle fixed_text_type(H5T_str_t padding) {
  hdf5::Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.id(), 5);
  H5Tset_strpad(type.id(), padding);
  return type;
}

// Writes `count` elements to the dataset "values".
void write_dataset(const std::filesystem::path& path, hid_t type, hsize_t count,
                   const void* elements) {
  const hdf5::Handle file(
      H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const hdf5::Handle space(H5Screate_simple(1, &count, nullptr));
  const hdf5::Handle dataset(H5Dcreate2(file.id(), "values", type, space.id(),
                                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  REQUIRE(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                   elements) >= 0);
}

}  // namespace

TEST_CASE("Texts of fixed length lose their padding and nothing else") {
  const TestDirectory directory;
  const auto path = directory / "texts.h5";
  const auto read = [&path](H5T_str_t padding, const std::string& elements) {
    write_dataset(path, fixed_text_type(padding).id(), elements.size() / 5,
                  elements.data());
    return hdf5::open_file(path).dataset("values").read_texts();
  };
  using namespace std::string_literals;
  using Texts = std::vector<std::string>;
  REQUIRE(read(H5T_STR_NULLPAD,
               "ab\0cd"
               "\0z\0\0\0"
               "\0\0\0\0\0"
               "a b  "s) == Texts{"ab\0cd"s, "\0z"s, "", "a b  "});
  REQUIRE(read(H5T_STR_NULLTERM,
               "ab\0cd"
               "hello"s) == Texts{"ab", "hello"});
  REQUIRE(read(H5T_STR_SPACEPAD,
               "ab   "
               "     "
               " b c "s) == Texts{"ab", "", " b c"});
}

TEST_CASE("Numbers of extended precision are read as float64") {
  const TestDirectory directory;
  const auto path = directory / "numbers.h5";
  const std::vector<long double> values = {0.5L, -3.25L, 1e300L};
  write_dataset(path, H5T_NATIVE_LDOUBLE, values.size(), values.data());
  const Array read = hdf5::open_file(path).dataset("values").read_array();
  REQUIRE(read.dtype == DType::float64);
  for (int64_t i = 0; i < std::ssize(values); ++i) {
    REQUIRE(read.as_double(i) ==
            static_cast<double>(values[static_cast<size_t>(i)]));
  }
}

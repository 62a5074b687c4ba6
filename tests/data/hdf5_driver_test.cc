// libhdf5 1.10 does not check the heap of variable-length elements: a corrupt
// one would crash it, or make it loop forever.
#include "gato/data/hdf5_driver.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

constexpr size_t kHeaderBytes = 16;

void put_size(std::string& bytes, size_t offset, uint64_t size) {
  std::memcpy(&bytes[offset], &size, sizeof size);
}

bool is_valid(const std::string& bytes) {
  return hdf5::is_valid_heap_collection(
      std::as_bytes(std::span(bytes.data(), bytes.size())));
}

}  // namespace

TEST_CASE("A heap whose objects have impossible sizes is refused") {
  const TestDirectory directory;
  const auto path = directory / "texts.h5";
  {
    hdf5::Group file = hdf5::create_file(path, path);
    file.write_texts("texts", {"a", "text of 18 letters", "the third"});
    hdf5::close_file(std::move(file));
  }
  const std::string bytes = file_bytes(path);
  const size_t heap = bytes.find("GCOL");
  REQUIRE(heap != std::string::npos);
  uint64_t size = 0;
  std::memcpy(&size, &bytes[heap + 8], sizeof size);
  REQUIRE(is_valid(bytes.substr(heap, size)));
  REQUIRE_FALSE(is_valid(bytes.substr(heap, size - 1)));

  const auto read = [&path] {
    return hdf5::open_file(path).dataset("texts").read_texts();
  };
  REQUIRE(read().at(1) == "text of 18 letters");
  // The objects are the three texts and the free space after them.
  const size_t first = heap + kHeaderBytes;
  const size_t free_space = first + 3 * kHeaderBytes + 8 + 24 + 16;
  REQUIRE(bytes[free_space] == 0);
  const auto require_refused = [&](size_t offset, uint64_t value) {
    std::string corrupt = bytes;
    put_size(corrupt, offset, value);
    base::write_file(path, corrupt, true);
    const base::Error error = thrown_error(read);
    INFO(offset << " " << value << ": " << error.what());
    REQUIRE(error.status() == base::ExitStatus::bad_input);
  };
  for (const uint64_t value : {uint64_t{0}, uint64_t{100}, size, size * 10,
                               ~uint64_t{0} - 20, ~uint64_t{0}}) {
    require_refused(first + 8, value);       // of the first text
    require_refused(free_space + 8, value);  // would loop forever if 0
    if (value != size) {
      require_refused(heap + 8, value);  // of the heap
    }
  }
}

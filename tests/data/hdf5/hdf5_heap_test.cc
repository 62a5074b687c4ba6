// libhdf5 1.10 does not check the heap of variable-length elements: a corrupt
// one would crash it, or make it loop forever. Neither does it check references
// to the heap.
#include "gato/data/hdf5/hdf5_heap.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

constexpr size_t kHeaderBytes = 16;

void put_size(std::string& bytes, size_t offset, uint64_t size) {
  std::memcpy(&bytes[offset], &size, sizeof size);
}

void put_number(std::string& bytes, size_t offset, uint32_t number) {
  std::memcpy(&bytes[offset], &number, sizeof number);
}

// Returns the offset of a reference of `length` items to an object of a heap.
size_t find_reference(const std::filesystem::path& path, uint32_t length) {
  const std::string bytes = file_bytes(path);
  for (size_t heap = bytes.find("GCOL"); heap != std::string::npos;
       heap = bytes.find("GCOL", heap + 1)) {
    for (const uint32_t number : {1U, 2U}) {
      std::string reference(16, '\0');
      put_number(reference, 0, length);
      put_size(reference, 4, heap);
      put_number(reference, 12, number);
      const size_t offset = bytes.find(reference);
      if (offset != std::string::npos) {
        return offset;
      }
    }
  }
  FAIL("no reference of " << length << " items");
  return 0;
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

TEST_CASE("References that do not fit their objects in the heap are refused") {
  const TestDirectory directory;
  const auto path = directory / "texts.h5";
  const std::string long_text(100000, 'x');
  {
    hdf5::Group file = hdf5::create_file(path, path);
    file.write_texts("texts", {"short", long_text});
    hdf5::close_file(std::move(file));
  }
  // With the default of other writers, object headers have no checksums.
  const auto attribute_path = directory / "attribute.h5";
  {
    const hdf5::Handle file(H5Fcreate(attribute_path.c_str(), H5F_ACC_TRUNC,
                                      H5P_DEFAULT, H5P_DEFAULT));
    hdf5::Group group(hdf5::Handle(H5Gcreate2(file.id(), "group", H5P_DEFAULT,
                                              H5P_DEFAULT, H5P_DEFAULT)),
                      "group");
    group.set_attribute("long", long_text.substr(0, 50000));
  }
  const auto read_texts = [&path] {
    return hdf5::open_file(path).dataset("texts").read_texts();
  };
  const auto read_attribute = [&attribute_path] {
    return hdf5::open_file(attribute_path)
        .group("group")
        .text_attribute("long");
  };
  REQUIRE(read_texts().at(1) == long_text);
  REQUIRE(read_attribute() == long_text.substr(0, 50000));
  const auto require_refused = [](const std::filesystem::path& file,
                                  const auto& read, size_t offset,
                                  uint32_t value) {
    const std::string bytes = file_bytes(file);
    std::string corrupt = bytes;
    put_number(corrupt, offset, value);
    base::write_file(file, corrupt, true);
    const base::Error error = thrown_error(read);
    INFO(offset << " " << value << ": " << error.what());
    REQUIRE(error.status() == base::ExitStatus::bad_input);
    REQUIRE(std::string(error.what()).find("heap") != std::string::npos);
    base::write_file(file, bytes, true);
  };
  const size_t text = find_reference(path, 100000);
  const size_t short_text = find_reference(path, 5);
  const size_t attribute = find_reference(attribute_path, 50000);
  // A shorter length would write beyond a buffer, a longer one read what was in
  // it before.
  for (const uint32_t length : {0U, 3U, 4096U, 99999U, 100001U, ~0U}) {
    require_refused(path, read_texts, text, length);
  }
  for (const uint32_t length : {6U, 4096U, 100000U}) {
    require_refused(path, read_texts, short_text, length);
  }
  for (const uint32_t length : {7U, 40000U, 50001U}) {
    require_refused(attribute_path, read_attribute, attribute, length);
  }
  // Neither the collection nor the object exists.
  require_refused(path, read_texts, text + 4, 8);
  require_refused(path, read_texts, text + 12, 77);
  require_refused(path, read_texts, text + 12, 0xFFFFFF);
}

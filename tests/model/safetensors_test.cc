#include "gato/model/safetensors.h"

#include <fstream>

#include "catch.h"
#include "gato/base/error.h"
#include "gato/base/file_io.h"
#include "model/sample_rows.h"

namespace gato::model {
namespace {

// Writes a file with this header and `data` zero bytes.
void write_raw(const std::filesystem::path& path, uint64_t length,
               const std::string& header, size_t data) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << header << std::string(data, '\0');
}

std::string entry(const std::string& name, const std::string& shape, int begin,
                  int end, const std::string& type = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}

base::ExitStatus status_of(const std::filesystem::path& path) {
  try {
    read_safetensors(path);
  } catch (const base::Error& error) {
    CHECK_THAT(error.what(), Catch::Contains(path.string()));
    return error.status();
  }
  return base::ExitStatus::success;
}

}  // namespace

TEST_CASE("Tensors are read as they were written") {
  const base::TemporaryDirectory directory("gato-test");
  const auto path = directory.path() / "a.safetensors";
  const std::vector<std::pair<std::string, at::Tensor>> tensors = {
      {"z", at::arange(6, at::kFloat).view({2, 3})},
      {"transposed", at::arange(6, at::kFloat).view({2, 3}).t()},
      {"brain", at::ones({3}, at::kBFloat16)},
      {"half", at::full({3}, 0.5, at::kHalf)},
      {"none", at::empty({0, 4}, at::kFloat)},
      {"scalar", at::full({}, 7, at::kLong)},
      {"bytes", at::arange(5, at::kByte)},
      {"int", at::arange(5, at::kInt)}};
  write_safetensors(path, tensors, {{"format", "pt"}});
  const Safetensors read = read_safetensors(path);
  CHECK(read.metadata == SafetensorsMetadata{{"format", "pt"}});
  REQUIRE(read.tensors.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    INFO(name);
    CHECK(read.tensors.at(name).scalar_type() == tensor.scalar_type());
    CHECK(at::equal(read.tensors.at(name), tensor));
  }
  std::ifstream file(path, std::ios::binary);
  uint64_t length = 0;
  file.read(reinterpret_cast<char*>(&length), sizeof length);
  CHECK((length + 8) % 64 == 0);
}

TEST_CASE("The error about an unknown dtype says which can be read") {
  const base::TemporaryDirectory directory("gato-test");
  const auto path = directory.path() / "double.safetensors";
  const std::string header = "{" + entry("a", "[2]", 0, 16, "F64") + "}";
  write_raw(path, header.size(), header, 16);
  CHECK_THROWS_WITH(
      read_safetensors(path),
      Catch::Contains("entry a has the dtype \"F64\", but only F32, F16, BF16, "
                      "I64, I32 and U8 are read") &&
          Catch::Contains("convert weights to F32"));
}

TEST_CASE("A corrupt or hostile safetensors file is bad input") {
  const base::TemporaryDirectory directory("gato-test");
  const auto path = directory.path() / "bad.safetensors";
  const auto check_refused = [&](const std::string& header, size_t data) {
    INFO(header);
    write_raw(path, header.size(), header, data);
    CHECK(status_of(path) == base::ExitStatus::bad_input);
  };
  const std::string good = entry("a", "[2]", 0, 8);
  write_raw(path, good.size() + 2, "{" + good + "}", 8);
  REQUIRE(status_of(path) == base::ExitStatus::success);

  SECTION("lengths") {
    check_refused("{" + good + "}", 7);
    check_refused("{" + good + "}", 9);
    write_raw(path, uint64_t{1} << 63, "{" + good + "}", 8);
    CHECK(status_of(path) == base::ExitStatus::bad_input);
    write_raw(path, 1000, "{" + good + "}", 8);
    CHECK(status_of(path) == base::ExitStatus::bad_input);
    std::ofstream(path) << "abc";
    CHECK(status_of(path) == base::ExitStatus::bad_input);
  }
  SECTION("headers") {
    check_refused("", 0);
    check_refused("[]", 0);
    check_refused("{", 0);
    check_refused("{\"a\":3}", 0);
    check_refused("{\"a\":{}}", 0);
    check_refused("{\"a\":" + std::string(1'000'000, '['), 0);
    check_refused("{\"__metadata__\":{\"a\":1}}", 0);
    check_refused("{" + good + "," + entry("a", "[2]", 8, 16) + "}", 16);
  }
  SECTION("layouts") {
    check_refused("{" + entry("a", "[2]", 4, 12) + "}", 12);
    check_refused("{" + good + "," + entry("b", "[2]", 4, 12) + "}", 12);
    check_refused("{" + good + "," + entry("b", "[2]", 12, 20) + "}", 20);
    check_refused("{" + entry("a", "[2]", 8, 0) + "}", 8);
    check_refused("{" + entry("a", "[3]", 0, 8) + "}", 8);
    check_refused("{" + entry("a", "[4294967296,4294967296,4]", 0, 0) + "}", 0);
    check_refused("{" + entry("a", "[-2]", 0, 8) + "}", 8);
    check_refused("{" + entry("a", "[2.0]", 0, 8) + "}", 8);
    check_refused("{" + entry("a", "[2]", 0, 8, "F8") + "}", 8);
  }
}

TEST_CASE("A missing safetensors file is an I/O error") {
  CHECK(status_of("/nonexistent/a.safetensors") == base::ExitStatus::io);
}

}  // namespace gato::model

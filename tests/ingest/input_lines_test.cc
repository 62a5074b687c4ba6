#include "gato/ingest/input_lines.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

// A pipe whose reader is `lines`.
struct Pipe {
  std::array<int, 2> ends{};
  int created = pipe(ends.data());
  InputLines lines{ends[0]};

  ~Pipe() {
    close(ends[0]);
    close_writer();
  }
  void write(const std::string& text) const {
    REQUIRE(::write(ends[1], text.data(), text.size()) ==
            static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (ends[1] >= 0) {
      close(ends[1]);
      ends[1] = -1;
    }
  }
};

}  // namespace

TEST_CASE("Lines can be read before the next one is written") {
  Pipe pipe;
  std::string line;
  CHECK_FALSE(pipe.lines.is_ready());
  pipe.write("first\r\nsec");
  REQUIRE(pipe.lines.is_ready());
  REQUIRE(pipe.lines.read_line(line));
  CHECK(line == "first");
  CHECK(pipe.lines.location() == "standard input, line 1");
  CHECK_FALSE(pipe.lines.is_ready());
  pipe.write("ond\n\nlast");
  CHECK(pipe.lines.is_ready());
  REQUIRE(pipe.lines.read_line(line));
  CHECK(line == "second");
  REQUIRE(pipe.lines.read_line(line));
  CHECK(line.empty());
  CHECK_FALSE(pipe.lines.is_ready());
  pipe.close_writer();
  CHECK(pipe.lines.is_ready());
  REQUIRE(pipe.lines.read_line(line));
  CHECK(line == "last");
  CHECK_FALSE(pipe.lines.read_line(line));
  CHECK_FALSE(pipe.lines.read_line(line));
}

TEST_CASE("A line that is too long is an error") {
  char name[] = "/tmp/gato-test-XXXXXX";
  const int file = mkstemp(name);
  unlink(name);
  const std::string bytes(InputLines::kMaxLineBytes + 1, 'x');
  REQUIRE(::write(file, bytes.data(), bytes.size()) == std::ssize(bytes));
  lseek(file, 0, SEEK_SET);
  InputLines lines(file);
  std::string line;
  CHECK(lines.is_ready());
  CHECK_THROWS_AS(lines.read_line(line), base::Error);
  close(file);
}

}  // namespace gato::ingest

#include "gato/tokenize/text_encoder.h"

#include <rapidcheck.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "gato/base/error.h"
#include "gato/base/signals.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::tokenize;

TEST_CASE("Text can be decoded from its pieces") {
  const TextEncoder text(test::text_model_bytes());
  std::vector<int32_t> ids{5};
  text.encode("a red square above a blue circle", ids);
  REQUIRE(ids.size() > 1);
  CHECK(ids[0] == 5);
  const std::span<const int32_t> pieces(ids);
  CHECK(text.decode(pieces.subspan(1)) == "a red square above a blue circle");
  std::string joined;
  for (int32_t id : pieces.subspan(1)) {
    joined += text.piece(id);
  }
  CHECK(joined == "▁a▁red▁square▁above▁a▁blue▁circle");
}

TEST_CASE("No end-of-text piece is added, and it decodes to nothing") {
  const TextEncoder text(test::text_model_bytes());
  std::vector<int32_t> ids;
  text.encode("", ids);
  CHECK(ids.empty());
  ids.push_back(text.eos_id());
  CHECK(text.decode(ids).empty());
}

TEST_CASE("Encoding is deterministic, and every id is in range") {
  const TextEncoder text(test::text_model_bytes());
  REQUIRE(rc::check("any bytes", [&text](const std::string& bytes) {
    std::vector<int32_t> first, second;
    text.encode(bytes, first);
    text.encode(bytes, second);
    RC_ASSERT(first == second);
    for (int32_t id : first) {
      RC_ASSERT(id >= 0 && id < text.size());
    }
  }));
}

TEST_CASE("Invalid models and invalid ids are errors") {
  CHECK_THROWS_AS(TextEncoder(""), base::Error);
  CHECK_THROWS_AS(TextEncoder("certainly not a model"), base::Error);
  const TextEncoder text(test::text_model_bytes());
  CHECK_THROWS_AS(text.decode(std::vector<int32_t>{text.size()}), base::Error);
  CHECK_THROWS_AS(text.decode(std::vector<int32_t>{-1}), base::Error);
  CHECK_THROWS_AS(text.piece(-1), base::Error);
}

TEST_CASE("Long texts are encoded in windows, with the same pieces") {
  const TextEncoder text(test::text_model_bytes());
  const std::vector<std::string> words{"a",     "red",    "square", "über",
                                       "blue",  "circle", ".\n",    "  ",
                                       "above", "日本語", "xyzzy",  "a\u0301"};
  REQUIRE(rc::check("any words", [&] {
    const auto choices = *rc::gen::container<std::vector<size_t>>(
        2000, rc::gen::inRange<size_t>(0, words.size()));
    std::string joined;
    for (const size_t choice : choices) {
      joined += words[choice] + (choice % 3 == 0 ? "" : " ");
    }
    std::vector<int32_t> whole, windows{7};
    text.encode(joined, whole, joined.size());
    text.encode(joined, windows, 1500);
    windows.erase(windows.begin());
    RC_ASSERT(windows == whole);
  }));
}

TEST_CASE("Long texts that repeat themselves have the same pieces") {
  const TextEncoder text(test::text_model_bytes());
  for (const char* unit : {"a", " ", "re", "日", "\n"}) {
    std::string repeated = "one";
    for (int i = 0; i < 5000; ++i) {
      repeated += unit;
    }
    repeated += "end";
    std::vector<int32_t> whole, windows;
    text.encode(repeated, whole, repeated.size());
    text.encode(repeated, windows, 256);
    CHECK(windows == whole);
  }
}

TEST_CASE("A signal ends the encoding of a long text between two windows") {
  const TextEncoder text(test::text_model_bytes());
  const pid_t process = fork();
  if (process == 0) {
    base::install_signal_handlers();
    std::raise(SIGTERM);
    std::string joined;
    for (int i = 0; i < 1000; ++i) {
      joined += "a red square above a blue circle ";
    }
    std::vector<int32_t> ids;
    try {
      text.encode(joined, ids, 1500);
    } catch (const base::StoppedBySignal& stopped) {
      _exit(stopped.signal());
    }
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == SIGTERM);
}

#include "gato/ingest/text/text_source.h"

#include <catch2/catch.hpp>
#include <vector>

#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/ingest/text/end_of_text.h"
#include "ingest/compression.h"

using namespace gato;
using namespace gato::ingest;
using Catch::Matchers::Contains;

namespace {

TextSourceOptions separated_by(const std::string& separator) {
  TextSourceOptions options;
  options.document_separator = separator;
  return options;
}

std::vector<std::string> texts_of(const std::string& path,
                                  const TextSourceOptions& options) {
  TextSource source(path, options);
  std::vector<std::string> texts;
  while (auto record = source.next()) {
    texts.push_back(extract_text(*record));
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("Plain text is split into documents at the given separator") {
  const test::ScratchDirectory folder;
  const std::string path =
      folder.write_file("a.txt", "one\ntwo\n\n \r\nthree\r\nfour<|end|>five");
  CHECK(texts_of(path, separated_by("file")) ==
        Texts{"one\ntwo\n\n \r\nthree\r\nfour<|end|>five"});
  CHECK(texts_of(path, separated_by("lines")) ==
        Texts{"one", "two", "three", "four<|end|>five"});
  CHECK(texts_of(path, separated_by("blank-lines")) ==
        Texts{"one\ntwo", "three\nfour<|end|>five"});
  CHECK(texts_of(path, separated_by("<|end|>")) ==
        Texts{"one\ntwo\n\n \r\nthree\r\nfour", "five"});
}

TEST_CASE("A truncated compressed text delivers the complete lines") {
  const test::ScratchDirectory folder;
  // Short ones too, whose truncation is found with the first bytes.
  for (const int count : {5, 100000}) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += "line " + std::to_string(i) + "\n";
    }
    for (const std::string format : test::kCompressionFormats) {
      const std::string bytes = test::compress(format, text);
      INFO(format << ", " << count << " lines");
      const std::string path =
          folder.write_file("a.txt", bytes.substr(0, bytes.size() - 2));
      TextSource source(path, separated_by("lines"));
      int lines = 0;
      std::string error;
      try {
        while (const auto record = source.next()) {
          CHECK(record->content == "line " + std::to_string(lines));
          ++lines;
        }
      } catch (const base::Error& found) {
        error = found.what();
      }
      CHECK(lines == count);
      CHECK_THAT(error, Contains(path) && Contains("truncated"));
      CHECK_FALSE(source.next());
    }
  }
}

TEST_CASE("UTF-16 is named, and so are carriage returns without line feeds") {
  const test::ScratchDirectory folder;
  using namespace std::string_literals;
  for (const std::string& text :
       {"\xFF\xFEh\0i\0"s, "h\0i\0 \0t\0h\0e\0r\0e\0\n\0"s}) {
    CHECK_THROWS_WITH(texts_of(folder.write_file("a.txt", text), {}),
                      Contains("iconv -f UTF-16LE"));
  }
  for (const std::string& text : {"\xFE\xFF\0h"s, "\0h\0i\0\n"s}) {
    CHECK_THROWS_WITH(texts_of(folder.write_file("a.jsonl", text), {}),
                      Contains("iconv -f UTF-16BE"));
  }
  CHECK(texts_of(folder.write_file("a.txt", "a\0b\0\0c"s), {}).size() == 1);
  const auto lacks_line_feeds = [&](const std::string& separator,
                                    const std::string& text) {
    TextSource source(folder.write_file("b.txt", text),
                      separated_by(separator));
    while (source.next()) {
    }
    return source.lacks_line_feeds();
  };
  CHECK(lacks_line_feeds("lines", "one\rtwo\rthree"));
  CHECK(lacks_line_feeds("blank-lines", "one\r\rtwo"));
  CHECK_FALSE(lacks_line_feeds("file", "one\rtwo"));
  CHECK_FALSE(lacks_line_feeds("lines", "one\r\ntwo\r\n"));
  CHECK_FALSE(lacks_line_feeds("lines", "one"));
}

TEST_CASE("White space is not a document, and a byte order mark is not text") {
  const test::ScratchDirectory folder;
  CHECK(texts_of(folder.write_file("a", ""), {}).empty());
  CHECK(texts_of(folder.write_file("b", " \n\t\r\n"), {}).empty());
  CHECK(texts_of(folder.write_file("c", "\xEF\xBB\xBFword"), {}) ==
        Texts{"word"});
}

TEST_CASE("Separators are found across reads") {
  const test::ScratchDirectory folder;
  std::string content;
  Texts expected;
  for (int i = 0; i < 4; ++i) {
    expected.push_back(std::string(65534 + static_cast<size_t>(i), 'x'));
    content += expected.back() + "<|endoftext|>";
  }
  CHECK(texts_of(folder.write_file("a", content),
                 separated_by("<|endoftext|>")) == expected);
}

TEST_CASE("The text of a JSON line is under its key") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file(
      "a.jsonl", "{\"text\": \"caf\\u00e9\", \"n\": 1}\n\n{\"text\":\"b\"}\n");
  CHECK(texts_of(path, {}) == Texts{"caf\xC3\xA9", "b"});
  TextSourceOptions plain;
  plain.format = "plain";
  CHECK(texts_of(path, plain).size() == 1);
}

TEST_CASE("A bad line names its location, and the following lines are read") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file(
      "a.jsonl",
      "{\"text\":\"a\"}\n{\"body\":\"b\"}\n{\"text\":3}\nnot JSON\n[1]\n\xFF\n"
      "{\"text\":\"c\"}");
  TextSource source(path, {});
  const auto next = [&source] { return extract_text(source.next().value()); };
  CHECK(next() == "a");
  CHECK_THROWS_WITH(next(),
                    Contains("line 2 (byte 13)") && Contains("no key 'text'"));
  CHECK_THROWS_WITH(next(),
                    Contains("line 3") && Contains("is 3, not a string"));
  CHECK_THROWS_WITH(next(), Contains("not a JSON object"));
  CHECK_THROWS_WITH(next(), Contains("line 5"));
  CHECK_THROWS_WITH(next(), Contains("not UTF-8"));
  const auto last = source.next();
  CHECK(extract_text(*last) == "c");
  CHECK_THAT(last->location, Contains("a.jsonl, line 7"));
  CHECK_FALSE(source.next());
}

TEST_CASE("Compressed files are read as their content") {
  for (const char* name : {"members.jsonl.gz", "frames.jsonl.zst"}) {
    CHECK(texts_of(std::string(GATO_SOURCE_DIR "/tests/samples/text/") + name,
                   {}) == Texts{"a red square", "a blue circle"});
  }
}

TEST_CASE(
    "A compressed .json contains JSON lines, as in C4; any other .json is "
    "text") {
  const test::ScratchDirectory folder;
  const std::string line = "{\"text\": \"a\"}";
  CHECK(texts_of(folder.write_file("a.json.gz", line), {}) == Texts{"a"});
  CHECK(texts_of(folder.write_file("a.json", line), {}) == Texts{line});
}

TEST_CASE("Lines of many megabytes are read") {
  const test::ScratchDirectory folder;
  const std::string words(20'000'000, 'w');
  const std::string path = folder.write_file(
      "a.jsonl", "{\"text\":\"" + words + "\"}\n{\"text\":\"b\"}\n");
  CHECK(texts_of(path, {}) == Texts{words, "b"});
}

TEST_CASE("A missing file is an I/O error") {
  try {
    TextSource source("/nowhere/at/all", {});
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::io);
    CHECK_THAT(error.what(), Contains("/nowhere/at/all"));
  }
}

TEST_CASE("A document above 64 MiB is bad, and the following ones are read") {
  const test::ScratchDirectory folder;
  const std::string fits(size_t{64} << 20, 'x');
  const std::string path = folder.write_file(
      "a.txt", "one\n\n" + fits + "\n\n" + fits + "y\nz\n\nfour");
  for (const char* separator : {"lines", "blank-lines", "\\n\\n"}) {
    CAPTURE(separator);
    TextSource source(path, separated_by(separator));
    CHECK(source.next()->content == "one");
    CHECK(source.next()->content == fits);
    try {
      source.next();
      FAIL("no error");
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::bad_input);
      CHECK_THAT(error.what(), Contains("line 5 (byte 67108871): more than 64 "
                                        "MiB"));
    }
    auto next = source.next();
    if (std::string(separator) == "lines") {
      CHECK(next->content == "z");
      next = source.next();
    }
    CHECK(next->content == "four");
    CHECK_THAT(next->location, Contains("line 8 "));
    CHECK_FALSE(source.next());
  }
  TextSource undivided(path, {});
  CHECK_THROWS_WITH(undivided.next(), Contains("--document-separator"));
  CHECK_FALSE(undivided.next());
}

TEST_CASE("Backslashes in separators are escapes") {
  CHECK(unescape_separator("a\\n\\t\\r\\\\n") == "a\n\t\r\\n");
  for (const char* wrong : {"\\", "a\\", "\\section"}) {
    CHECK_THROWS_WITH(unescape_separator(wrong), Contains("backslash"));
  }
}

TEST_CASE("Whether a separator occurs is known at the end") {
  const test::ScratchDirectory folder;
  const auto lacks = [&folder](const std::string& text,
                               const std::string& separator) {
    TextSource source(folder.write_file("a.txt", text),
                      separated_by(separator));
    while (source.next()) {
    }
    return source.lacks_separator();
  };
  CHECK(lacks("one\n\ntwo", "<|end|>"));
  CHECK_FALSE(lacks("one\n\ntwo", "\\n\\n"));
  CHECK_FALSE(lacks("one<|end|>", "<|end|>"));
  CHECK_FALSE(lacks(" \n", "<|end|>"));
  for (const char* named : {"file", "lines", "blank-lines"}) {
    CHECK_FALSE(lacks("one", named));
  }
}

TEST_CASE("Plain text that begins like JSON lines is recognized") {
  const test::ScratchDirectory folder;
  const auto looks = [](const std::string& path,
                        const TextSourceOptions& options = {}) {
    TextSource source(path, options);
    source.next();
    return source.looks_like_json_lines();
  };
  const std::string line = "{\"text\": \"a\"}\n";
  CHECK(looks(folder.write_file("a.json", line)));
  CHECK(looks(folder.write_file("a", "\xEF\xBB\xBF\n{ \"text\": \"a\"}\n")));
  CHECK_FALSE(looks(folder.write_file("a.jsonl", line)));
  CHECK_FALSE(looks(folder.write_file("a.txt", "{a: \"b\"}")));
  CHECK_FALSE(looks(folder.write_file("a.txt", "{")));
  CHECK_FALSE(looks(folder.write_file("a.txt", "")));
  TextSourceOptions plain;
  plain.format = "plain";
  CHECK_FALSE(looks(folder.write_file("a.json", line), plain));
}

TEST_CASE("Archives are rejected as text") {
  const test::ScratchDirectory folder;
  std::string tar(1024, '\0');
  tar.replace(0, 5, "a.txt");
  tar.replace(257, 5, "ustar");
  tar.replace(512, 3, "one");
  const auto refused = [&folder](const std::string& content) {
    TextSource source(folder.write_file("a", content), separated_by("lines"));
    std::string message;
    try {
      source.next();
    } catch (const base::Error& error) {
      CHECK(error.status() == base::ExitStatus::bad_input);
      message = error.what();
      CHECK_FALSE(source.next());
    }
    return message;
  };
  CHECK_THAT(refused(tar), Contains("tar archive"));
  CHECK_THAT(refused("PAR1\x15\x04words"), Contains("Parquet"));
  CHECK_THAT(refused("PK\x03\x04words"), Contains("zip archive"));
  CHECK(refused("PAR1 is a gene").empty());
  CHECK(refused(std::string(257, 'a') + "ustar").empty());
}

TEST_CASE("JSON lines may contain what only Python reads") {
  const test::ScratchDirectory folder;
  const std::string path = folder.write_file(
      "a.jsonl",
      R"({"text": "one", "score": NaN, "range": [-Infinity, Infinity]})"
      "\n"
      R"({"text": "\ud83d\ude00 \ud83d and \ude00", "meta": "\ud800"})"
      "\n");
  CHECK(texts_of(path, {}) ==
        Texts{"one", "\xF0\x9F\x98\x80 \xEF\xBF\xBD and \xEF\xBF\xBD"});
  CHECK_THROWS_WITH(
      texts_of(folder.write_file("b.jsonl", R"({"text": Infinity})"), {}),
      Contains("b.jsonl, line 1 (byte 0)") &&
          Contains("key 'text' is Infinity, not a string"));
}

TEST_CASE("Texts are divided at end-of-text markers") {
  using Parts = std::vector<std::string>;
  const auto split = [](const std::string& text, const std::string& marker) {
    Parts parts;
    for (const TextPart& part : split_at_end_of_text(text, marker)) {
      const auto* piece = std::get_if<std::string>(&part);
      parts.push_back(piece == nullptr ? "END" : *piece);
    }
    return parts;
  };
  CHECK(split("a<|endoftext|>b", "<|endoftext|>") == Parts{"a", "END", "b"});
  CHECK(split("<|x|><|x|> a<|x|> \n", "<|x|>") ==
        Parts{"END", "END", " a", "END"});
  CHECK(split("a<|x|>", "") == Parts{"a<|x|>"});
  CHECK(split(" \n", "<|x|>").empty());
  CHECK(find_end_of_text_marker("a <|endoftext|>") == "<|endoftext|>");
  CHECK(find_end_of_text_marker("a <|end|>").empty());
  CHECK(find_end_of_text_marker("a <|endoftext|>", "<|endoftext|>").empty());
  CHECK(find_end_of_text_marker("a <|endoftext|> <|endofdoc|>",
                                "<|endoftext|>") == "<|endofdoc|>");
  CHECK(find_end_of_text_marker("a</s>b</s> \n") == "</s>");
  CHECK(find_end_of_text_marker("a</s>", "</s>").empty());
  CHECK(find_end_of_text_marker("a</s> <eos>") == "<eos>");
}

TEST_CASE(
    "The closing tag of struck-through text is not an end-of-text marker") {
  CHECK(find_end_of_text_marker("now <s>10</s> 8").empty());
  CHECK(find_end_of_text_marker("<s class=\"old\">10</s>").empty());
  CHECK(find_end_of_text_marker("<strong>10</strong></span>").empty());
}

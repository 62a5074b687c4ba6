#include "gato/pack/corpus.h"

#include <catch2/catch.hpp>

#include "data/documents.h"
#include "pack/generated.h"

using namespace gato;
using namespace gato::test;

TEST_CASE("files with two vocabularies do not mix") {
  const Folder folder;
  write_generated(folder / "a.h5", {}, 1);
  TokenFileWriter writer(
      folder / "b.h5", false,
      Vocabulary::make("another", 1100, DiscreteLayout::overlap));
  writer.append(text_document(3));
  writer.commit(small_tasks(), small_provenance());
  const Error error = error_of([&] {
    Corpus({entry_of({folder / "a.h5"}), entry_of({folder / "b.h5"})});
  });
  REQUIRE(error.status() == ExitStatus::bad_input);
  REQUIRE(std::string(error.what()).find("b.h5") != std::string::npos);
  REQUIRE(std::string(error.what()).find("--text-model") != std::string::npos);
}

TEST_CASE("one name for two tasks is refused") {
  const Folder folder;
  Shape shape;
  shape.task = "arcade/catch";
  write_generated(folder / "a.h5", shape, 1);
  TokenFileWriter writer(folder / "b.h5", false, small_vocabulary());
  writer.append(episode_document(2, 1, 1, 1));
  writer.commit(small_tasks(), small_provenance());  // observes an image
  const Error error = error_of([&] {
    Corpus({entry_of({folder / "a.h5"}), entry_of({folder / "b.h5"})});
  });
  REQUIRE(error.status() == ExitStatus::bad_input);
  REQUIRE(std::string(error.what()).find("arcade/catch") != std::string::npos);
}

TEST_CASE("a file that is named twice is one file") {
  const Folder folder;
  write_generated(folder / "a.h5", {}, 1);
  const Corpus once({entry_of({folder / "a.h5"})});
  const Corpus twice(
      {entry_of({folder / "a.h5"}), entry_of({folder / "a.h5"})});
  REQUIRE(twice.documents() == once.documents());
  REQUIRE(twice.tokens() == once.tokens());
}

TEST_CASE("an empty token file is refused") {
  const Folder folder;
  Shape shape;
  shape.documents = 0;
  write_generated(folder / "a.h5", shape, 1);
  const Error error = error_of([&] { Corpus({entry_of({folder / "a.h5"})}); });
  REQUIRE(error.status() == ExitStatus::bad_input);
}

TEST_CASE("steps are found by their tokens") {
  const Folder folder;
  TokenFileWriter writer(folder / "a.h5", false, small_vocabulary());
  writer.append(text_document(7));
  writer.append(episode_document(5, 2, 2, 3));  // 8 tokens a step
  writer.commit(small_tasks(), small_provenance());
  const Corpus corpus({entry_of({folder / "a.h5"})});
  REQUIRE(corpus.step_at(0, 6) == 0);
  for (int64_t token = 0; token < 40; ++token)
    REQUIRE(corpus.step_at(1, token) == token / 8);
  const Corpus::Piece piece = corpus.read(1, 17, 25);
  REQUIRE(piece.offset == 16);
  REQUIRE(piece.document.tokens.size() == 16);
}

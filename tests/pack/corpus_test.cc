#include "gato/pack/corpus.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "pack/generated_token_files.h"

using namespace gato;
using namespace gato::pack;
using namespace gato::test;

TEST_CASE("Files with different vocabularies are refused") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  data::TokenFileWriter writer(
      folder / "b.h5", false,
      data::Vocabulary::make("another", 1100, data::DiscreteLayout::overlap));
  writer.append(make_text_document(3));
  writer.commit(small_tasks(), small_provenance());
  const base::Error error = thrown_error([&] {
    Corpus({make_mixture_entry({folder / "a.h5"}),
            make_mixture_entry({folder / "b.h5"})});
  });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE(std::string(error.what()).find("b.h5") != std::string::npos);
  REQUIRE(std::string(error.what()).find("--text-model") != std::string::npos);
}

TEST_CASE("Two incompatible tasks of the same name are refused") {
  const TestDirectory folder;
  TokenFileSpec shape;
  shape.task = "arcade/catch";
  write_generated_tokens(folder / "a.h5", shape, 1);
  data::TokenFileWriter writer(folder / "b.h5", false, small_vocabulary());
  writer.append(make_episode_document(2, 1, 1, 1));
  writer.commit(small_tasks(), small_provenance());  // observes an image
  const base::Error error = thrown_error([&] {
    Corpus({make_mixture_entry({folder / "a.h5"}),
            make_mixture_entry({folder / "b.h5"})});
  });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE(std::string(error.what()).find("arcade/catch") != std::string::npos);
}

TEST_CASE("A file that is named twice is opened once") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  const Corpus once({make_mixture_entry({folder / "a.h5"})});
  const Corpus twice({make_mixture_entry({folder / "a.h5"}),
                      make_mixture_entry({folder / "a.h5"})});
  REQUIRE(twice.documents() == once.documents());
  REQUIRE(twice.tokens() == once.tokens());
}

TEST_CASE("An empty token file is refused") {
  const TestDirectory folder;
  TokenFileSpec shape;
  shape.documents = 0;
  write_generated_tokens(folder / "a.h5", shape, 1);
  const base::Error error =
      thrown_error([&] { Corpus({make_mixture_entry({folder / "a.h5"})}); });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
}

TEST_CASE("A token is mapped to its time step") {
  const TestDirectory folder;
  data::TokenFileWriter writer(folder / "a.h5", false, small_vocabulary());
  writer.append(make_text_document(7));
  writer.append(make_episode_document(5, 2, 2, 3));  // 8 tokens per step
  writer.commit(small_tasks(), small_provenance());
  const Corpus corpus({make_mixture_entry({folder / "a.h5"})});
  REQUIRE(corpus.step_at(0, 6) == 0);
  for (int64_t token = 0; token < 40; ++token) {
    REQUIRE(corpus.step_at(1, token) == token / 8);
  }
  const Corpus::Slice slice = corpus.read(1, 17, 25);
  REQUIRE(slice.offset == 16);
  REQUIRE(slice.document.tokens.size() == 16);
}

TEST_CASE("A slice of a page contains complete images") {
  const TestDirectory folder;
  data::TokenizedDocument page = make_text_document(12);
  for (int64_t token : {2, 6}) {
    page.images.push_back({token, 1, 3});
    for (int64_t i = token; i < token + 3; ++i) {
      page.patches.emplace_back().fill(static_cast<uint8_t>(i));
      page.modality[i] = data::Modality::patch;
      page.tokens[i] = data::patch_token(std::ssize(page.patches) - 1);
    }
  }
  data::TokenFileWriter writer(folder / "a.h5", false, small_vocabulary());
  writer.append(make_text_document(5));
  writer.append(page);
  writer.commit(small_tasks(), small_provenance());
  const Corpus corpus({make_mixture_entry({folder / "a.h5"})});
  const auto range = [&](int64_t begin, int64_t end) {
    const Corpus::Slice slice = corpus.read(1, begin, end);
    const auto size = static_cast<int64_t>(slice.document.tokens.size());
    return std::pair{slice.offset, slice.offset + size};
  };
  REQUIRE(range(0, 2) == std::pair<int64_t, int64_t>{0, 2});
  REQUIRE(range(2, 5) == std::pair<int64_t, int64_t>{2, 5});
  REQUIRE(range(3, 4) == std::pair<int64_t, int64_t>{2, 5});
  REQUIRE(range(4, 7) == std::pair<int64_t, int64_t>{2, 9});
  REQUIRE(range(5, 6) == std::pair<int64_t, int64_t>{5, 6});
  REQUIRE(range(9, 12) == std::pair<int64_t, int64_t>{9, 12});
  REQUIRE(corpus.read(1, 4, 7).document.patches.size() == 6);
  REQUIRE(corpus.read(1, 4, 7).document.patches[2][0] == 4);
}

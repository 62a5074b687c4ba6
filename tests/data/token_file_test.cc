#include "gato/data/token_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "data/sample_documents.h"
#include "gato/data/token_columns.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

// Requires equal documents. The numbers of patches may differ, but not their
// pixels.
void require_same(const TokenizedDocument& a, const TokenizedDocument& b) {
  REQUIRE(a.modality == b.modality);
  REQUIRE(a.step_offset == b.step_offset);
  REQUIRE(a.is_episode == b.is_episode);
  REQUIRE(a.task_index == b.task_index);
  REQUIRE(a.source_index == b.source_index);
  REQUIRE(((std::isnan(a.total_reward) && std::isnan(b.total_reward)) ||
           a.total_reward == b.total_reward));
  REQUIRE(a.tokens.size() == b.tokens.size());
  for (size_t i = 0; i < a.tokens.size(); ++i) {
    if (a.modality[i] == Modality::patch) {
      REQUIRE(a.patches.at(patch_index(a.tokens[i])) ==
              b.patches.at(patch_index(b.tokens[i])));
    } else {
      REQUIRE(a.tokens[i] == b.tokens[i]);
    }
  }
  REQUIRE(a.images.size() == b.images.size());
  for (size_t i = 0; i < a.images.size(); ++i) {
    REQUIRE(a.images[i].first_token == b.images[i].first_token);
    REQUIRE(a.images[i].rows == b.images[i].rows);
    REQUIRE(a.images[i].columns == b.images[i].columns);
  }
}

void write(const std::filesystem::path& path,
           const std::vector<TokenizedDocument>& documents,
           bool has_provenance = true) {
  TokenFileWriter writer(path, false, small_vocabulary());
  for (const auto& document : documents) {
    writer.append(document);
  }
  Provenance provenance = small_provenance();
  provenance.enabled = has_provenance;
  writer.commit(small_tasks(), provenance);
}

}  // namespace

TEST_CASE("Documents are read from a token file as they were written") {
  TestDirectory directory;
  const std::vector documents{
      make_episode_document(4, 2, 3, 1), make_text_document(40),
      make_episode_document(3, 1, 1, 2), make_text_document(1)};
  write(directory / "tokens.h5", documents);
  REQUIRE(directory.entry_names() == std::vector<std::string>{"tokens.h5"});

  const TokenFileReader reader(directory / "tokens.h5");
  REQUIRE(reader.document_count() == 4);
  REQUIRE(reader.step_count() == 9);
  REQUIRE_FALSE(reader.has_labels());
  for (int64_t i = 0; i < 4; ++i) {
    require_same(reader.document(i), documents[static_cast<size_t>(i)]);
  }
  REQUIRE(reader.vocabulary().has_same_ids(small_vocabulary()));
  REQUIRE(reader.vocabulary().sentencepiece_model == "not really a text model");
  REQUIRE(reader.tasks().to_json() == small_tasks().to_json());
  REQUIRE(reader.provenance().at("seed") == 5);
}

TEST_CASE("Documents are read from memory") {
  std::vector documents{make_episode_document(4, 2, 3, 1),
                        make_text_document(40),
                        make_episode_document(3, 1, 1, 2)};
  TokenColumns columns;
  for (const TokenizedDocument& document : documents) {
    columns.append(document);
  }
  const TokenTable table =
      std::move(columns).to_table("memory", small_vocabulary(), small_tasks());
  REQUIRE(table.name() == "memory");
  REQUIRE(table.is_in_memory());
  REQUIRE_FALSE(table.has_labels());
  REQUIRE(table.document_count() == 3);
  REQUIRE(table.step_count() == 8);
  for (int64_t i = 0; i < 3; ++i) {
    require_same(table.document(i), documents[static_cast<size_t>(i)]);
  }
  // Patches are numbered in the order of the documents, and found in one array.
  const TokenizedDocument last =
      table.read_steps(2, 0, 1, PatchNumbering::per_table);
  REQUIRE(last.patches.empty());
  const int64_t index = patch_index(last.tokens[0]);
  const Patch patch = table.read_patch(index);
  REQUIRE(patch == documents[2].patches[0]);
  REQUIRE(std::ranges::equal(
      table.patch_pixels().subspan(index * sizeof(Patch), sizeof(Patch)),
      patch));
}

TEST_CASE("A window of steps is a document") {
  TestDirectory directory;
  const auto episode = make_episode_document(5, 2, 2, 3);
  write(directory / "tokens.h5", {make_text_document(7), episode});
  const TokenFileReader reader(directory / "tokens.h5");
  const auto window = reader.read_steps(1, 1, 3);
  REQUIRE(window.step_offset == std::vector<int64_t>{0, 8, 16});
  REQUIRE(window.images.size() == 2);
  REQUIRE(window.images[1].first_token == 8);
  for (size_t i = 0; i < window.tokens.size(); ++i) {
    if (window.modality[i] == Modality::patch) {
      continue;
    }
    REQUIRE(window.tokens[i] == episode.tokens[i + 8]);
  }
}

TEST_CASE("Labels are stored if one of them differs from its token") {
  TestDirectory directory;
  auto with_labels = make_episode_document(2, 1, 1, 4);
  with_labels.labels = with_labels.tokens;
  write(directory / "same.h5", {with_labels});
  REQUIRE_FALSE(TokenFileReader(directory / "same.h5").has_labels());

  with_labels.labels.back() = small_vocabulary().continuous_begin();
  write(directory / "differ.h5",
        {make_text_document(3), with_labels, make_text_document(2)});
  const TokenFileReader reader(directory / "differ.h5");
  REQUIRE(reader.has_labels());
  REQUIRE(reader.document(0).labels == reader.document(0).tokens);
  REQUIRE(reader.document(1).labels.back() ==
          small_vocabulary().continuous_begin());
  REQUIRE(reader.document(2).labels == make_text_document(2).tokens);
}

TEST_CASE("A file without documents can be read") {
  TestDirectory directory;
  write(directory / "empty.h5", {});
  const TokenFileReader reader(directory / "empty.h5");
  REQUIRE(reader.document_count() == 0);
  REQUIRE(reader.token_count() == 0);
}

TEST_CASE("The same documents produce the same bytes") {
  TestDirectory directory;
  const std::vector documents{make_episode_document(4, 2, 3, 1),
                              make_text_document(40)};
  write(directory / "first.h5", documents, false);
  write(directory / "second.h5", documents, false);
  REQUIRE(file_bytes(directory / "first.h5") ==
          file_bytes(directory / "second.h5"));
  REQUIRE(TokenFileReader(directory / "first.h5").provenance().is_null());
}

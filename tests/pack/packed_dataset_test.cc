#include "gato/pack/packed_dataset.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "gato/data/token_columns.h"
#include "gato/pack/write_sequences.h"
#include "pack/generated_token_files.h"

using namespace gato;
using namespace gato::pack;
using namespace gato::test;
using Catch::Contains;

namespace {

TokenFileSpec make_pairs() {
  TokenFileSpec shape;
  shape.task = "captions";
  shape.has_episodes = false;
  shape.documents = 12;
  return shape;
}

base::Error packing_error(const MixtureEntry& entry,
                          const PackingOptions& options = {}) {
  return thrown_error(
      [&] { const PackedDataset packing({entry}, options, 0); });
}

// Returns the bytes of the sequence file of a packing run, without provenance.
std::string packed_bytes(const PackedDataset& packing,
                         const std::filesystem::path& path) {
  data::Provenance provenance = small_provenance();
  provenance.enabled = false;
  write_sequences(packing, {0, 40}, {path, /*force=*/true, /*threads=*/1},
                  provenance);
  return file_bytes(path);
}

// Checks that selected documents are packed to the same file from memory, where
// there are others as well, as from a token file that contains only them.
void check_packing_in_memory(const TokenFileSpec& shape,
                             const std::vector<int64_t>& selected,
                             const PackingOptions& options) {
  const TestDirectory folder;
  const std::filesystem::path path = folder / "tokens.h5";
  const auto documents = generate_documents(shape, /*seed=*/3);
  data::TokenFileWriter writer(path, false, small_vocabulary());
  int64_t steps = 0;
  for (int64_t i : selected) {
    writer.append(documents[i]);
    steps += std::ssize(documents[i].step_offset) - 1;
  }
  data::TaskTable tasks = generated_tasks(shape, std::ssize(selected));
  tasks.tasks[0].episode_count = std::ssize(selected);
  tasks.tasks[0].step_count = steps;
  writer.commit(tasks, small_provenance());
  const PackedDataset from_file({make_mixture_entry({path})}, options, 0);

  data::TokenColumns columns;
  for (const data::TokenizedDocument& document : documents) {
    columns.append(document);
  }
  const auto table =
      std::make_shared<const data::TokenTable>(std::move(columns).to_table(
          path.filename(), small_vocabulary(), generated_tasks(shape, 0)));
  const PackedDataset from_memory({table, selected}, options);
  CHECK(from_memory.corpus().is_thread_safe());
  CHECK(from_memory.sequences() == from_file.sequences());
  CHECK(packed_bytes(from_memory, folder / "memory.h5") ==
        packed_bytes(from_file, folder / "file.h5"));
}

}  // namespace

TEST_CASE("Documents in memory are packed as those of a token file") {
  TokenFileSpec episodes;
  episodes.documents = 9;
  const auto [length, window_steps] =
      GENERATE(std::pair{32, 0}, std::pair{12, 0}, std::pair{32, 2});
  const PackingOptions options{length, window_steps, /*seed=*/5};
  INFO("length " << length << ", window steps " << window_steps);
  SECTION("Episodes, in any order") {
    check_packing_in_memory(episodes, {0, 1, 2, 3, 4, 5, 6, 7, 8}, options);
    check_packing_in_memory(episodes, {7, 2, 5}, options);
    check_packing_in_memory(episodes, {4}, options);
  }
  SECTION("Labels") {
    episodes.has_labels = true;
    check_packing_in_memory(episodes, {7, 2, 5, 0}, options);
  }
  SECTION("Several agents") {
    episodes.sources = {"expert", "novice", "another"};
    check_packing_in_memory(episodes, {1, 3, 5, 8, 6}, options);
  }
  SECTION("Pairs of images and texts") {
    check_packing_in_memory(make_pairs(), {3, 11, 0, 6}, options);
  }
}

TEST_CASE("An empty selection of documents in memory is refused") {
  const auto table =
      std::make_shared<const data::TokenTable>(data::TokenColumns().to_table(
          "memory", small_vocabulary(), small_tasks()));
  const base::Error error = thrown_error([&] {
    const PackedDataset packing({table, {}}, {});
  });
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE_THAT(error.what(), Contains("memory"));
}

TEST_CASE("documents-per-sequence is refused for episodes") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  MixtureEntry entry = make_mixture_entry({folder / "a.h5"});
  entry.documents_per_sequence = 5;
  const base::Error error = packing_error(entry);
  REQUIRE(error.status() == base::ExitStatus::usage);
  REQUIRE_THAT(error.what(), Contains("a.h5") && Contains("control/a") &&
                                 Contains("episodes"));
}

TEST_CASE("resize must match the size of the tokenized images") {
  const TestDirectory folder;
  TokenFileSpec shape = make_pairs();
  shape.resize = {32, 48};
  write_generated_tokens(folder / "a.h5", shape, 1);
  MixtureEntry entry = make_mixture_entry({folder / "a.h5"});
  entry.resize = {32, 48};
  const PackedDataset packing({entry}, {}, 0);
  REQUIRE(packing.sequences() > 0);
  entry.resize = {48, 32};
  const base::Error error = packing_error(entry);
  REQUIRE(error.status() == base::ExitStatus::usage);
  REQUIRE_THAT(error.what(), Contains("48x32") && Contains("with 32x48"));
  write_generated_tokens(folder / "b.h5", make_pairs(), 1);
  entry.files = {folder / "b.h5"};
  REQUIRE_THAT(packing_error(entry).what(),
               Contains("of their original sizes"));
}

TEST_CASE("Images of different sizes in one task are refused") {
  const TestDirectory folder;
  TokenFileSpec shape = make_pairs();
  write_generated_tokens(folder / "a.h5", shape, 1);
  shape.resize = {32, 32};
  write_generated_tokens(folder / "b.h5", shape, 1);
  const base::Error error =
      packing_error(make_mixture_entry({folder / "a.h5", folder / "b.h5"}));
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE_THAT(error.what(), Contains("b.h5") && Contains("image sizes"));
}

TEST_CASE("Padded rows cannot be combined with windows of steps") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  MixtureEntry entry = make_mixture_entry({folder / "a.h5"});
  entry.fill = Fill::pad;
  REQUIRE(packing_error(entry, {32, 2, 0}).status() == base::ExitStatus::usage);
}

TEST_CASE("Sequences beyond the last can be built, too") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const PackedDataset few(mixture, {32, 0, 1}, 2),
      many(mixture, {32, 0, 1}, 50);
  REQUIRE(few.sequences() == 2);
  REQUIRE(few.row(40).row.input.tokens == many.row(40).row.input.tokens);
}

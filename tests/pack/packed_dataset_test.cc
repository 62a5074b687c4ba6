#include "gato/pack/packed_dataset.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
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

}  // namespace

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
  REQUIRE(few.row(40).row.features.tokens == many.row(40).row.features.tokens);
}

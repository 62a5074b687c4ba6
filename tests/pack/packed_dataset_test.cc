#include "gato/pack/packed_dataset.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "pack/generated_token_files.h"

using namespace gato;
using namespace gato::pack;
using namespace gato::test;
using Catch::Contains;

namespace {

TokenFileSpec pairs() {
  TokenFileSpec shape;
  shape.task = "captions";
  shape.has_episodes = false;
  shape.documents = 12;
  return shape;
}

base::Error refused(const MixtureEntry& entry,
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
  const base::Error error = refused(entry);
  REQUIRE(error.status() == base::ExitStatus::usage);
  REQUIRE_THAT(error.what(), Contains("a.h5") && Contains("control/a") &&
                                 Contains("episodes"));
}

TEST_CASE("resize is checked against what the images were brought to") {
  const TestDirectory folder;
  TokenFileSpec shape = pairs();
  shape.resize = {32, 48};
  write_generated_tokens(folder / "a.h5", shape, 1);
  MixtureEntry entry = make_mixture_entry({folder / "a.h5"});
  entry.resize = {32, 48};
  const PackedDataset packing({entry}, {}, 0);
  REQUIRE(packing.sequences() > 0);
  entry.resize = {48, 32};
  const base::Error error = refused(entry);
  REQUIRE(error.status() == base::ExitStatus::usage);
  REQUIRE_THAT(error.what(), Contains("48x32") && Contains("with 32x48"));
  write_generated_tokens(folder / "b.h5", pairs(), 1);
  entry.files = {folder / "b.h5"};
  REQUIRE_THAT(refused(entry).what(), Contains("of their own sizes"));
}

TEST_CASE("one task has images of one size") {
  const TestDirectory folder;
  TokenFileSpec shape = pairs();
  write_generated_tokens(folder / "a.h5", shape, 1);
  shape.resize = {32, 32};
  write_generated_tokens(folder / "b.h5", shape, 1);
  const base::Error error =
      refused(make_mixture_entry({folder / "a.h5", folder / "b.h5"}));
  REQUIRE(error.status() == base::ExitStatus::bad_input);
  REQUIRE_THAT(error.what(), Contains("b.h5") && Contains("sizes of images"));
}

TEST_CASE("a row that is filled up has no room for windows of steps") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  MixtureEntry entry = make_mixture_entry({folder / "a.h5"});
  entry.fill = Fill::pad;
  REQUIRE(refused(entry, {32, 2, 0}).status() == base::ExitStatus::usage);
}

TEST_CASE("sequences beyond the last can be drawn as well") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  const std::vector<MixtureEntry> mixture{
      make_mixture_entry({folder / "a.h5"})};
  const PackedDataset few(mixture, {32, 0, 1}, 2),
      many(mixture, {32, 0, 1}, 50);
  REQUIRE(few.sequences() == 2);
  REQUIRE(few.row(40).row.features.tokens == many.row(40).row.features.tokens);
}

#include "gato/pack/pack.h"

#include <catch2/catch.hpp>

#include "data/documents.h"
#include "gato/data/sequence_file.h"
#include "pack/generated.h"

using namespace gato;
using namespace gato::test;

namespace {

// Packs into "out.h5" of the folder.
void run(const Folder& folder, const PackOptions& options,
         const std::vector<std::string>& inputs, uint64_t seed = 0,
         const std::string& output = "out.h5", cli::Shard shard = {},
         int64_t threads = 1) {
  cli::CommonOptions common;
  common.output = (folder / output).string();
  common.seed = seed;
  common.no_provenance = true;
  common.shard = shard;
  common.threads = threads;
  for (const std::string& input : inputs)
    common.inputs.push_back((folder / input).string());
  cli::Context context{common, {}};
  const ExitStatus status = pack(options, context);
  REQUIRE(status == ExitStatus::done);
}

// All that a row shows the network, patches by their pixels.
std::string shown(const SequenceFileReader& file, int64_t sequence) {
  const SequenceView row = file.row(sequence);
  std::string bytes;
  const auto add = [&](const auto& values) {
    bytes.append(reinterpret_cast<const char*>(values.data()),
                 values.size() * sizeof(values[0]));
  };
  for (size_t i = 0; i < row.tokens.size(); ++i) {
    if (row.tokens[i] >= 0) {
      add(row.tokens.subspan(i, 1));
      add(row.labels.subspan(i, 1));
      continue;
    }
    REQUIRE(row.labels[i] == row.tokens[i]);
    add(file.patches().subspan(sizeof(Patch) * (-1 - row.tokens[i]),
                               sizeof(Patch)));
  }
  add(row.modality);
  add(row.local);
  add(row.interval);
  add(row.segment);
  add(row.prompt);
  add(std::span(&row.task, 1));
  return bytes;
}

// Episodes with labels and images, and pairs of images and texts.
std::vector<std::string> write_two_sources(const Folder& folder) {
  Shape control;
  control.has_labels = true;
  write_generated(folder / "a.h5", control, 1);
  Shape pairs;
  pairs.is_episode = false;
  pairs.task = "pairs";
  write_generated(folder / "b.h5", pairs, 2);
  return {"a.h5:2", "b.h5"};
}

}  // namespace

TEST_CASE("a sequence file holds rows, demonstrations and the report") {
  const Folder folder;
  Shape shape;
  shape.has_labels = true;
  write_generated(folder / "a.h5", shape, 1);
  Shape text;
  text.is_episode = false;
  text.task = "text";
  write_generated(folder / "b.h5", text, 2);
  PackOptions options;
  options.length = 40;
  options.sequences = 30;
  run(folder, options, {"a.h5:2", "b.h5"});

  const SequenceFileReader reader(folder / "out.h5");
  REQUIRE(reader.sequences() == 30);
  REQUIRE(reader.options().length == 40);
  REQUIRE(reader.options().window_steps == 0);
  REQUIRE(reader.options().labels);
  REQUIRE(reader.tasks().tasks.size() == 2);
  REQUIRE(reader.vocabulary().same_ids(small_vocabulary()));
  REQUIRE(reader.provenance().is_null());
  int64_t control = 0, tokens = 0;
  for (int64_t q = 0; q < 30; ++q) {
    const SequenceView row = reader.row(q);
    control += row.task == 0;
    for (uint8_t modality : row.modality) tokens += modality != 0;
  }
  REQUIRE(std::abs(control - 20) <= 1);
  REQUIRE(reader.report()["mixture"].size() == 2);
  REQUIRE(reader.report()["mixture"][0]["sequences"] == control);
  REQUIRE(reader.report()["mixture"][0]["share"].get<double>() ==
          Approx(2 / 3.0));
  REQUIRE(reader.report()["fill"].get<double>() ==
          Approx(static_cast<double>(tokens) / (30 * 40)));

  // Document i has return i: the last is the best, and text has none.
  const auto demonstrations = reader.demonstrations();
  REQUIRE(demonstrations.size() == 1);
  REQUIRE(demonstrations[0].total_reward == 3);
  REQUIRE(demonstrations[0].is_episode);
  const TokenFileReader tokens_file(folder / "a.h5");
  REQUIRE(demonstrations[0].modality == tokens_file.document(3).modality);
}

TEST_CASE("the same seed gives the same bytes, another one others") {
  const Folder folder;
  write_generated(folder / "a.h5", {}, 1);
  PackOptions options;
  options.length = 32;
  run(folder, options, {"a.h5"}, 5, "first.h5");
  run(folder, options, {"a.h5"}, 5, "second.h5");
  run(folder, options, {"a.h5"}, 6, "third.h5");
  REQUIRE(bytes_of(folder / "first.h5") == bytes_of(folder / "second.h5"));
  REQUIRE(bytes_of(folder / "first.h5") != bytes_of(folder / "third.h5"));
}

TEST_CASE("more sequences begin with the same ones") {
  const Folder folder;
  write_generated(folder / "a.h5", {}, 1);
  PackOptions options;
  options.length = 32;
  options.sequences = 5;
  run(folder, options, {"a.h5"}, 5, "few.h5");
  options.sequences = 9;
  run(folder, options, {"a.h5"}, 5, "many.h5");
  const SequenceFileReader few(folder / "few.h5"), many(folder / "many.h5");
  for (int64_t q = 0; q < 5; ++q) {
    REQUIRE(std::ranges::equal(few.row(q).modality, many.row(q).modality));
    REQUIRE(std::ranges::equal(few.row(q).tokens, many.row(q).tokens));
  }
}

TEST_CASE("without a number of sequences all tokens have room once") {
  const Folder folder;
  Shape shape;
  shape.documents = 9;
  write_generated(folder / "a.h5", shape, 1);
  PackOptions options;
  options.length = 16;
  run(folder, options, {"a.h5"});
  const int64_t tokens = TokenFileReader(folder / "a.h5").tokens();
  REQUIRE(SequenceFileReader(folder / "out.h5").sequences() ==
          (tokens + 15) / 16);
}

TEST_CASE("options that contradict each other are refused, nothing written") {
  const Folder folder;
  write_generated(folder / "a.h5", {}, 1);
  PackOptions options;
  options.window_steps = 2;
  options.fill = "pad";
  const auto status = [&](const std::vector<std::string>& inputs) {
    return error_of([&] { run(folder, options, inputs); }).status();
  };
  REQUIRE(status({"a.h5"}) == ExitStatus::usage);
  options.fill = "same-task";
  REQUIRE(status({}) == ExitStatus::usage);
  REQUIRE(status({"missing.h5"}) == ExitStatus::io);
  REQUIRE(folder.names() == std::vector<std::string>{"a.h5"});
}

TEST_CASE("the shards of a run are its sequences, each a file by itself") {
  const Folder folder;
  const std::vector<std::string> inputs = write_two_sources(folder);
  PackOptions options;
  options.length = 40;
  options.sequences = 50;
  run(folder, options, inputs, 3);
  const SequenceFileReader whole(folder / "out.h5");
  REQUIRE(whole.report()["first_sequence"] == 0);
  REQUIRE(whole.report()["all_sequences"] == 50);
  int64_t next = 0;
  for (int64_t number : {1, 2, 3}) {
    run(folder, options, inputs, 3, "part.h5", {number, 3});
    const SequenceFileReader part(folder / "part.h5");
    REQUIRE(part.report()["first_sequence"] == next);
    REQUIRE(part.report()["all_sequences"] == 50);
    REQUIRE(part.report()["sequences"] == part.sequences());
    REQUIRE(part.tasks().to_json() == whole.tasks().to_json());
    REQUIRE(part.demonstrations().size() == whole.demonstrations().size());
    for (int64_t q = 0; q < part.sequences(); ++q)
      REQUIRE(shown(part, q) == shown(whole, next++));
    std::filesystem::remove(folder / "part.h5");
  }
  REQUIRE(next == 50);
}

TEST_CASE("more shards than sequences are refused, nothing written") {
  const Folder folder;
  write_generated(folder / "a.h5", {}, 1);
  PackOptions options;
  options.sequences = 2;
  const Error error = error_of([&] {
    run(folder, options, {"a.h5"}, 0, "out.h5", {1, 3});
  });
  REQUIRE(error.status() == ExitStatus::usage);
  REQUIRE(folder.names() == std::vector<std::string>{"a.h5"});
}

TEST_CASE("the number of threads does not change a byte") {
  const Folder folder;
  const std::vector<std::string> inputs = write_two_sources(folder);
  PackOptions options;
  options.length = 40;
  options.sequences = 200;
  run(folder, options, inputs, 3, "one.h5", {}, 1);
  run(folder, options, inputs, 3, "three.h5", {}, 3);
  REQUIRE(bytes_of(folder / "one.h5") == bytes_of(folder / "three.h5"));
}

TEST_CASE("the report adds up to what the file holds") {
  const Folder folder;
  const std::vector<std::string> inputs = write_two_sources(folder);
  PackOptions options;
  options.length = 40;
  options.sequences = 64;
  run(folder, options, inputs, 3);
  const SequenceFileReader reader(folder / "out.h5");
  const nlohmann::json& report = reader.report();
  int64_t tokens = 0, patches = 0, prompted = 0;
  for (int64_t q = 0; q < 64; ++q) {
    const SequenceView row = reader.row(q);
    prompted += row.prompt[0];
    for (uint8_t modality : row.modality) {
      tokens += Modality(modality) != Modality::padding;
      patches += Modality(modality) == Modality::patch;
    }
  }
  REQUIRE(report["tokens"] == tokens);
  REQUIRE(report["patches"] == patches);
  REQUIRE(report["distinct_patches"] == reader.distinct_patches());
  REQUIRE(report["prompted"] == prompted);
  REQUIRE(patches > reader.distinct_patches());
  for (const char* key :
       {"sequences", "prompted", "windows", "tokens", "targets"}) {
    int64_t sum = 0;
    for (const auto& source : report["mixture"])
      sum += source[key].get<int64_t>();
    INFO(key);
    REQUIRE(report[key] == sum);
  }
}

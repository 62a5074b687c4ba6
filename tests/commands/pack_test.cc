#include "gato/commands/pack.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "gato/cli/terminal_progress.h"
#include "gato/data/sequence_file.h"
#include "pack/generated_token_files.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;

namespace {

// Packs files of the directory into another one.
void run(const TestDirectory& folder, const PackOptions& options,
         const std::vector<std::string>& inputs, uint64_t seed = 0,
         const std::string& output = "out.h5", base::Shard shard = {},
         int64_t threads = 1) {
  cli::CommonOptions common;
  common.output = (folder / output).string();
  common.seed = seed;
  common.no_provenance = true;
  common.shard = shard;
  common.threads = threads;
  for (const std::string& input : inputs) {
    common.inputs.push_back((folder / input).string());
  }
  cli::TerminalProgress progress;
  cli::CommandContext context{
      common,
      {.seed = seed, .output = common.output, .has_provenance = false},
      progress};
  const base::ExitStatus status = run_pack(options, context);
  REQUIRE(status == base::ExitStatus::success);
}

// Returns everything that the network sees of a row, with patches as pixels.
std::string row_bytes(const data::SequenceFileReader& file, int64_t sequence) {
  const data::SequenceView row = file.row(sequence);
  std::string bytes;
  const auto add = [&](const auto& values) {
    bytes.append(reinterpret_cast<const char*>(values.data()),
                 values.size() * sizeof(values[0]));
  };
  for (size_t i = 0; i < row.tokens.size(); ++i) {
    if (!data::is_patch(row.tokens[i])) {
      add(row.tokens.subspan(i, 1));
      add(row.labels.subspan(i, 1));
      continue;
    }
    REQUIRE(row.labels[i] == row.tokens[i]);
    add(file.patch_pixels().subspan(
        sizeof(data::Patch) * data::patch_index(row.tokens[i]),
        sizeof(data::Patch)));
  }
  add(row.modality);
  add(row.local_position);
  add(row.interval);
  add(row.segment_ids);
  add(row.prompt_mask);
  add(std::span(&row.task_index, 1));
  return bytes;
}

// Writes episodes with labels and images, and pairs of an image and a text.
std::vector<std::string> write_two_sources(const TestDirectory& folder) {
  TokenFileSpec control;
  control.has_labels = true;
  write_generated_tokens(folder / "a.h5", control, 1);
  TokenFileSpec pairs;
  pairs.has_episodes = false;
  pairs.task = "pairs";
  write_generated_tokens(folder / "b.h5", pairs, 2);
  return {"a.h5:2", "b.h5"};
}

}  // namespace

TEST_CASE("A sequence file contains rows, demonstrations and the report") {
  const TestDirectory folder;
  TokenFileSpec shape;
  shape.has_labels = true;
  write_generated_tokens(folder / "a.h5", shape, 1);
  TokenFileSpec text;
  text.has_episodes = false;
  text.task = "text";
  write_generated_tokens(folder / "b.h5", text, 2);
  PackOptions options;
  options.length = 40;
  options.sequences = 30;
  run(folder, options, {"a.h5:2", "b.h5"});

  const data::SequenceFileReader reader(folder / "out.h5");
  REQUIRE(reader.sequence_count() == 30);
  REQUIRE(reader.info().sequence_length == 40);
  REQUIRE(reader.info().window_steps == 0);
  REQUIRE(reader.info().has_labels);
  REQUIRE(reader.tasks().tasks.size() == 2);
  REQUIRE(reader.vocabulary().has_same_ids(small_vocabulary()));
  REQUIRE(reader.provenance().is_null());
  int64_t control = 0, tokens = 0;
  for (int64_t q = 0; q < 30; ++q) {
    const data::SequenceView row = reader.row(q);
    control += row.task_index == 0;
    for (uint8_t modality : row.modality) {
      tokens += modality != 0;
    }
  }
  REQUIRE(std::abs(control - 20) <= 1);
  REQUIRE(reader.report()["mixture"].size() == 2);
  REQUIRE(reader.report()["mixture"][0]["sequences"] == control);
  REQUIRE(reader.report()["mixture"][0]["share"].get<double>() ==
          Approx(2 / 3.0));
  REQUIRE(reader.report()["fill"].get<double>() ==
          Approx(static_cast<double>(tokens) / (30 * 40)));

  // Document i has return i, so the last episode is the best one.
  const auto demonstrations = reader.read_demonstrations();
  REQUIRE(demonstrations.size() == 1);
  REQUIRE(demonstrations[0].total_reward == 3);
  REQUIRE(demonstrations[0].is_episode);
  const data::TokenFileReader tokens_file(folder / "a.h5");
  REQUIRE(demonstrations[0].modality == tokens_file.document(3).modality);
}

TEST_CASE("Equal seeds give equal bytes, different seeds do not") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  PackOptions options;
  options.length = 32;
  run(folder, options, {"a.h5"}, 5, "first.h5");
  run(folder, options, {"a.h5"}, 5, "second.h5");
  run(folder, options, {"a.h5"}, 6, "third.h5");
  REQUIRE(file_bytes(folder / "first.h5") == file_bytes(folder / "second.h5"));
  REQUIRE(file_bytes(folder / "first.h5") != file_bytes(folder / "third.h5"));
}

TEST_CASE("A longer run begins with the same sequences") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  PackOptions options;
  options.length = 32;
  options.sequences = 5;
  run(folder, options, {"a.h5"}, 5, "few.h5");
  options.sequences = 9;
  run(folder, options, {"a.h5"}, 5, "many.h5");
  const data::SequenceFileReader few(folder / "few.h5"),
      many(folder / "many.h5");
  for (int64_t q = 0; q < 5; ++q) {
    REQUIRE(std::ranges::equal(few.row(q).modality, many.row(q).modality));
    REQUIRE(std::ranges::equal(few.row(q).tokens, many.row(q).tokens));
  }
}

TEST_CASE("By default there is room for every token") {
  const TestDirectory folder;
  TokenFileSpec shape;
  shape.documents = 9;
  write_generated_tokens(folder / "a.h5", shape, 1);
  PackOptions options;
  options.length = 16;
  run(folder, options, {"a.h5"});
  const int64_t tokens = data::TokenFileReader(folder / "a.h5").token_count();
  REQUIRE(data::SequenceFileReader(folder / "out.h5").sequence_count() ==
          (tokens + 15) / 16);
}

TEST_CASE("Contradictory options are refused, and nothing is written") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  PackOptions options;
  options.window_steps = 2;
  options.fill = "pad";
  const auto status = [&](const std::vector<std::string>& inputs) {
    return thrown_error([&] { run(folder, options, inputs); }).status();
  };
  REQUIRE(status({"a.h5"}) == base::ExitStatus::usage);
  options.fill = "same-task";
  REQUIRE(status({}) == base::ExitStatus::usage);
  REQUIRE(status({"missing.h5"}) == base::ExitStatus::io);
  REQUIRE(folder.entry_names() == std::vector<std::string>{"a.h5"});
}

TEST_CASE("The shards of a run together contain its sequences") {
  const TestDirectory folder;
  const std::vector<std::string> inputs = write_two_sources(folder);
  PackOptions options;
  options.length = 40;
  options.sequences = 50;
  run(folder, options, inputs, 3);
  const data::SequenceFileReader unsharded(folder / "out.h5");
  REQUIRE(unsharded.report()["first_sequence"] == 0);
  REQUIRE(unsharded.report()["all_sequences"] == 50);
  int64_t next = 0;
  for (int64_t number : {1, 2, 3}) {
    run(folder, options, inputs, 3, "part.h5", {number, 3});
    const data::SequenceFileReader part(folder / "part.h5");
    REQUIRE(part.report()["first_sequence"] == next);
    REQUIRE(part.report()["all_sequences"] == 50);
    REQUIRE(part.report()["sequences"] == part.sequence_count());
    REQUIRE(part.tasks().to_json() == unsharded.tasks().to_json());
    REQUIRE(part.read_demonstrations().size() ==
            unsharded.read_demonstrations().size());
    for (int64_t q = 0; q < part.sequence_count(); ++q) {
      REQUIRE(row_bytes(part, q) == row_bytes(unsharded, next++));
    }
    std::filesystem::remove(folder / "part.h5");
  }
  REQUIRE(next == 50);
}

TEST_CASE("An empty shard is refused, and nothing is written") {
  const TestDirectory folder;
  write_generated_tokens(folder / "a.h5", {}, 1);
  PackOptions options;
  options.sequences = 2;
  const base::Error error = thrown_error([&] {
    run(folder, options, {"a.h5"}, 0, "out.h5", {1, 3});
  });
  REQUIRE(error.status() == base::ExitStatus::usage);
  REQUIRE(folder.entry_names() == std::vector<std::string>{"a.h5"});
}

TEST_CASE("The number of threads does not change the output") {
  const TestDirectory folder;
  const std::vector<std::string> inputs = write_two_sources(folder);
  PackOptions options;
  options.length = 40;
  options.sequences = 200;
  run(folder, options, inputs, 3, "one.h5", {}, 1);
  run(folder, options, inputs, 3, "three.h5", {}, 3);
  REQUIRE(file_bytes(folder / "one.h5") == file_bytes(folder / "three.h5"));
}

TEST_CASE("The report agrees with the contents of the file") {
  const TestDirectory folder;
  const std::vector<std::string> inputs = write_two_sources(folder);
  PackOptions options;
  options.length = 40;
  options.sequences = 64;
  run(folder, options, inputs, 3);
  const data::SequenceFileReader reader(folder / "out.h5");
  const nlohmann::json& report = reader.report();
  int64_t tokens = 0, patches = 0, prompted = 0;
  for (int64_t q = 0; q < 64; ++q) {
    const data::SequenceView row = reader.row(q);
    prompted += row.prompt_mask[0];
    for (uint8_t modality : row.modality) {
      tokens +=
          static_cast<data::Modality>(modality) != data::Modality::padding;
      patches += static_cast<data::Modality>(modality) == data::Modality::patch;
    }
  }
  REQUIRE(report["tokens"] == tokens);
  REQUIRE(report["patches"] == patches);
  REQUIRE(report["distinct_patches"] == reader.distinct_patch_count());
  REQUIRE(report["prompted"] == prompted);
  REQUIRE(patches > reader.distinct_patch_count());
  for (const char* key :
       {"sequences", "prompted", "windows", "tokens", "targets"}) {
    int64_t sum = 0;
    for (const auto& source : report["mixture"]) {
      sum += source[key].get<int64_t>();
    }
    INFO(key);
    REQUIRE(report[key] == sum);
  }
}

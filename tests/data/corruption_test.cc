// A thousand random corruptions of each kind of HDF5 file: each is either read
// or refused with a base::Error, and no incomplete output is left behind.
#include "data/corruption.h"

#include <fmt/ranges.h>

#include <catch2/catch.hpp>

#include "gato/base/file_io.h"
#include "gato/cli/terminal_progress.h"
#include "gato/commands/pack.h"
#include "gato/data/sequence_file.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/tokenize/document_encoder.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

namespace fs = std::filesystem;

// Sanitizers do not instrument libhdf5 and make the tests slow.
constexpr int kCorruptions = GATO_SANITIZED ? 40 : 1000;

void require_no_failures(const CorruptionOutcomes& outcomes) {
  INFO(fmt::format("accepted {}, refused {}\n{}", outcomes.accepted,
                   outcomes.rejected, fmt::join(outcomes.failures, "\n")));
  CHECK(outcomes.failures.empty());
  // Corruption is detected, but not every byte of a file matters.
  CHECK(outcomes.rejected > kCorruptions / 4);
  CHECK(outcomes.accepted > 0);
}

fs::path samples() { return GATO_SOURCE_DIR "/tests/samples"; }

std::string token_file_bytes() {
  const TestDirectory directory;
  TokenFileWriter writer(directory / "tokens.h5", false, small_vocabulary());
  for (int i = 0; i < 3; ++i) {
    writer.append(make_episode_document(6, 2, 2, i));
  }
  writer.append(make_text_document(40));
  writer.commit(small_tasks(), small_provenance());
  return file_bytes(directory / "tokens.h5");
}

void pack_into(const TestDirectory& directory, const fs::path& tokens) {
  commands::PackOptions options;
  options.length = 64;
  options.sequences = 4;
  cli::CommonOptions common;
  common.output = (directory / "sequences.h5").string();
  common.inputs = {tokens.string()};
  common.no_provenance = true;
  cli::TerminalProgress progress;
  cli::CommandContext context{
      common, {.output = common.output, .has_provenance = false}, progress};
  commands::run_pack(options, context);
}

std::string sequence_file_bytes() {
  const TestDirectory directory;
  base::write_file(directory / "tokens.h5", token_file_bytes(), false);
  pack_into(directory, directory / "tokens.h5");
  return file_bytes(directory / "sequences.h5");
}

void tokenize_episodes(const TestDirectory& directory,
                       const fs::path& dataset) {
  static const std::string model = text_model_bytes();
  static const tokenize::TextEncoder text(model);
  static const Vocabulary vocabulary =
      Vocabulary::make(model, text.size(), DiscreteLayout::separate);
  const auto source = ingest::open_episodes(dataset, {});
  TokenFileWriter writer(directory / "tokens.h5", false, vocabulary);
  const tokenize::StepEncoder encoder(source->spec(), vocabulary, &text);
  TaskEntry task;
  task.spec = source->spec();
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    const Episode episode = source->read_episode(i);
    writer.append(tokenize::encode_episode(episode, encoder));
  }
  writer.commit({{task}, {source->agent()}}, small_provenance());
}

}  // namespace

TEST_CASE("Corrupt token files are packed or refused") {
  const TestDirectory directory;
  const fs::path file = directory / "tokens.h5";
  require_no_failures(read_corrupted_copies(
      token_file_bytes(), file, kCorruptions, 1,
      [&](const TestDirectory& outputs) { pack_into(outputs, file); }));
}

TEST_CASE("Corrupt sequence files are read or refused") {
  const TestDirectory directory;
  const fs::path file = directory / "sequences.h5";
  require_no_failures(read_corrupted_copies(
      sequence_file_bytes(), file, kCorruptions, 2, [&](const TestDirectory&) {
        const SequenceFileReader reader(file);
        for (int64_t i = 0; i < reader.sequence_count(); ++i) {
          reader.row(i);
        }
        reader.read_demonstrations();
      }));
}

TEST_CASE("Corrupt Minari files are read or refused") {
  for (const char* name : {"cartpole", "frames", "old", "spaces"}) {
    INFO(name);
    const TestDirectory directory;
    const fs::path data = directory / "data";
    fs::copy(samples() / "minari" / name / "data", data);
    const fs::path file = data / "main_data.hdf5";
    require_no_failures(
        read_corrupted_copies(file_bytes(file), file, kCorruptions, 3,
                              [&](const TestDirectory& outputs) {
                                tokenize_episodes(outputs, directory.path());
                              }));
  }
}

TEST_CASE("Corrupt D4RL and robomimic files are read or refused") {
  for (const char* name :
       {"d4rl/hopper_medium-v2.hdf5", "robomimic/real.hdf5"}) {
    INFO(name);
    const TestDirectory directory;
    const fs::path file = directory / "data.hdf5";
    require_no_failures(
        read_corrupted_copies(file_bytes(samples() / name), file, kCorruptions,
                              4, [&](const TestDirectory& outputs) {
                                tokenize_episodes(outputs, file);
                              }));
  }
}

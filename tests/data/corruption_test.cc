// A thousand random corruptions of every kind of HDF5 file: each is refused
// with a gato::Error or read, and no program leaves half a file.
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

// Sanitizers see nothing of libhdf5, and take their time.
constexpr int corruptions = GATO_SANITIZED ? 100 : 1000;

void require_none(const CorruptionOutcomes& verdicts) {
  INFO(fmt::format("accepted {}, refused {}\n{}", verdicts.accepted,
                   verdicts.rejected, fmt::join(verdicts.failures, "\n")));
  CHECK(verdicts.failures.empty());
  // Damage is seen, and not every byte of a file matters.
  CHECK(verdicts.rejected > corruptions / 4);
  CHECK(verdicts.accepted > 0);
}

fs::path samples() { return GATO_SOURCE_DIR "/tests/samples"; }

std::string token_file_bytes() {
  const TestDirectory folder;
  TokenFileWriter writer(folder / "tokens.h5", false, small_vocabulary());
  for (int i = 0; i < 3; ++i) writer.append(make_episode_document(6, 2, 2, i));
  writer.append(make_text_document(40));
  writer.commit(small_tasks(), small_provenance());
  return file_bytes(folder / "tokens.h5");
}

void pack_into(const TestDirectory& folder, const fs::path& tokens) {
  commands::PackCommandOptions options;
  options.length = 64;
  options.sequences = 4;
  cli::CommonOptions common;
  common.output = (folder / "sequences.h5").string();
  common.inputs = {tokens.string()};
  common.no_provenance = true;
  cli::TerminalProgress progress;
  cli::CommandContext context{
      common, {.output = common.output, .has_provenance = false}, progress};
  commands::run_pack(options, context);
}

std::string sequence_file_bytes() {
  const TestDirectory folder;
  base::write_file(folder / "tokens.h5", token_file_bytes(), false);
  pack_into(folder, folder / "tokens.h5");
  return file_bytes(folder / "sequences.h5");
}

void tokenize_episodes(const TestDirectory& folder, const fs::path& dataset) {
  static const std::string model = text_model_bytes();
  static const tokenize::TextEncoder text(model);
  static const Vocabulary vocabulary =
      Vocabulary::make(model, text.size(), DiscreteLayout::separate);
  const auto source = ingest::open_episodes(dataset, {});
  TokenFileWriter writer(folder / "tokens.h5", false, vocabulary);
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

TEST_CASE("corrupted token files are packed or refused") {
  const TestDirectory folder;
  const fs::path file = folder / "tokens.h5";
  require_none(read_corrupted_copies(
      token_file_bytes(), file, corruptions, 1,
      [&](const TestDirectory& outputs) { pack_into(outputs, file); }));
}

TEST_CASE("corrupted sequence files are read or refused") {
  const TestDirectory folder;
  const fs::path file = folder / "sequences.h5";
  require_none(read_corrupted_copies(
      sequence_file_bytes(), file, corruptions, 2, [&](const TestDirectory&) {
        const SequenceFileReader reader(file);
        for (int64_t i = 0; i < reader.sequence_count(); ++i) reader.row(i);
        reader.read_demonstrations();
      }));
}

TEST_CASE("corrupted Minari files are read or refused") {
  for (const char* name : {"cartpole", "frames", "old", "spaces"}) {
    INFO(name);
    const TestDirectory folder;
    const fs::path data = folder / "data";
    fs::copy(samples() / "minari" / name / "data", data);
    const fs::path file = data / "main_data.hdf5";
    require_none(read_corrupted_copies(file_bytes(file), file, corruptions, 3,
                                       [&](const TestDirectory& outputs) {
                                         tokenize_episodes(outputs,
                                                           folder.path());
                                       }));
  }
}

TEST_CASE("corrupted files of D4RL and robomimic are read or refused") {
  for (const char* name :
       {"d4rl/hopper_medium-v2.hdf5", "robomimic/real.hdf5"}) {
    INFO(name);
    const TestDirectory folder;
    const fs::path file = folder / "data.hdf5";
    require_none(read_corrupted_copies(file_bytes(samples() / name), file,
                                       corruptions, 4,
                                       [&](const TestDirectory& outputs) {
                                         tokenize_episodes(outputs, file);
                                       }));
  }
}

// A thousand random corruptions of every kind of HDF5 file: each is refused
// with a gato::Error or read, and no program leaves half a file.
#include "data/corruption.h"

#include <fmt/ranges.h>

#include <catch2/catch.hpp>

#include "gato/base/output.h"
#include "gato/data/sequence_file.h"
#include "gato/ingest/episode_source.h"
#include "gato/pack/pack.h"
#include "gato/tokenize/document.h"
#include "tokenize/reference.h"

using namespace gato;
using namespace gato::test;

namespace {

namespace fs = std::filesystem;

// Sanitizers see nothing of libhdf5, and take their time.
constexpr int corruptions = GATO_SANITIZED ? 100 : 1000;

void require_none(const Verdicts& verdicts) {
  INFO(fmt::format("accepted {}, refused {}\n{}", verdicts.accepted,
                   verdicts.refused, fmt::join(verdicts.faults, "\n")));
  CHECK(verdicts.faults.empty());
  // Damage is seen, and not every byte of a file matters.
  CHECK(verdicts.refused > corruptions / 4);
  CHECK(verdicts.accepted > 0);
}

fs::path samples() { return GATO_SOURCE_DIR "/tests/samples"; }

std::string token_file_bytes() {
  const Folder folder;
  TokenFileWriter writer(folder / "tokens.h5", false, small_vocabulary());
  for (int i = 0; i < 3; ++i) writer.append(episode_document(6, 2, 2, i));
  writer.append(text_document(40));
  writer.commit(small_tasks(), small_provenance());
  return bytes_of(folder / "tokens.h5");
}

void pack_into(const Folder& folder, const fs::path& tokens) {
  PackOptions options;
  options.length = 64;
  options.sequences = 4;
  cli::CommonOptions common;
  common.output = (folder / "sequences.h5").string();
  common.inputs = {tokens.string()};
  common.no_provenance = true;
  cli::Context context{common, {}};
  pack(options, context);
}

std::string sequence_file_bytes() {
  const Folder folder;
  write_file(folder / "tokens.h5", token_file_bytes(), false);
  pack_into(folder, folder / "tokens.h5");
  return bytes_of(folder / "sequences.h5");
}

void tokenize_episodes(const Folder& folder, const fs::path& dataset) {
  static const std::string model = text_model_bytes();
  static const TextEncoder text(model);
  static const Vocabulary vocabulary =
      Vocabulary::make(model, text.size(), DiscreteLayout::separate);
  const auto source = open_episodes(dataset, {});
  TokenFileWriter writer(folder / "tokens.h5", false, vocabulary);
  const StepEncoder encoder(source->spec(), vocabulary, &text);
  TaskEntry task;
  task.spec = source->spec();
  for (int64_t i = 0; i < source->episodes(); ++i) {
    const Episode episode = source->episode(i);
    writer.append(encode_episode(episode, encoder));
  }
  writer.commit({{task}, {source->source()}}, small_provenance());
}

}  // namespace

TEST_CASE("corrupted token files are packed or refused") {
  const Folder folder;
  const fs::path file = folder / "tokens.h5";
  require_none(
      read_corrupted(token_file_bytes(), file, corruptions, 1,
                     [&](const Folder& outputs) { pack_into(outputs, file); }));
}

TEST_CASE("corrupted sequence files are read or refused") {
  const Folder folder;
  const fs::path file = folder / "sequences.h5";
  require_none(read_corrupted(sequence_file_bytes(), file, corruptions, 2,
                              [&](const Folder&) {
                                const SequenceFileReader reader(file);
                                for (int64_t i = 0; i < reader.sequences(); ++i)
                                  reader.row(i);
                                reader.demonstrations();
                              }));
}

TEST_CASE("corrupted Minari files are read or refused") {
  for (const char* name : {"cartpole", "frames", "old", "spaces"}) {
    INFO(name);
    const Folder folder;
    const fs::path data = folder / "data";
    fs::copy(samples() / "minari" / name / "data", data);
    const fs::path file = data / "main_data.hdf5";
    require_none(read_corrupted(bytes_of(file), file, corruptions, 3,
                                [&](const Folder& outputs) {
                                  tokenize_episodes(outputs, folder.path());
                                }));
  }
}

TEST_CASE("corrupted files of D4RL and robomimic are read or refused") {
  for (const char* name :
       {"d4rl/hopper_medium-v2.hdf5", "robomimic/real.hdf5"}) {
    INFO(name);
    const Folder folder;
    const fs::path file = folder / "data.hdf5";
    require_none(read_corrupted(
        bytes_of(samples() / name), file, corruptions, 4,
        [&](const Folder& outputs) { tokenize_episodes(outputs, file); }));
  }
}

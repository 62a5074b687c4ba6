#include "gato/data/sequence_file.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

constexpr int32_t kLength = 24;

// Returns the first kLength tokens of a document, padded.
SequenceRow make_row(const TokenizedDocument& document) {
  const auto count = std::min<int64_t>(kLength, std::ssize(document.tokens));
  SequenceRow row;
  row.input = make_token_row(document, 0, count);
  row.input.resize(kLength);
  row.segment_ids.assign(kLength, 0);
  row.prompt_mask.assign(kLength, 0);
  std::fill_n(row.prompt_mask.begin(), count, 1);
  row.task_index = document.task_index;
  return row;
}

int32_t last_label(Modality modality) {
  switch (modality) {
    case Modality::padding:
      return 0;
    case Modality::text:
      return 7;
    default:
      return small_vocabulary().continuous_begin() + 7;
  }
}

void write(const std::filesystem::path& path,
           const std::vector<TokenizedDocument>& documents, bool has_labels) {
  SequenceFileWriter writer(path, false,
                            {std::ssize(documents), kLength, 3, has_labels},
                            small_vocabulary());
  for (const auto& document : documents) {
    SequenceRow row = make_row(document);
    for (int32_t& token : row.input.tokens) {
      if (!is_patch(token)) {
        continue;
      }
      const Patch& patch = document.patches.at(patch_index(token));
      token = patch_token(writer.add_patch(patch));
    }
    if (has_labels) {
      row.labels = row.input.tokens;
      row.labels.back() = last_label(row.input.modality.back());
    }
    writer.append(row);
  }
  Provenance provenance;
  provenance.enabled = false;
  writer.commit(small_tasks(), {documents[0], documents.back()},
                {{"sequences", documents.size()}}, provenance);
}

}  // namespace

TEST_CASE("Rows are read from a sequence file as they were written") {
  TestDirectory directory;
  const std::vector documents{
      make_episode_document(4, 1, 2, 1), make_text_document(9),
      make_episode_document(3, 2, 2, 2), make_text_document(24)};
  write(directory / "sequences.h5", documents, true);
  const SequenceFileReader reader(directory / "sequences.h5");
  REQUIRE(reader.sequence_count() == 4);
  REQUIRE(reader.info().sequence_length == kLength);
  REQUIRE(reader.info().window_steps == 3);
  REQUIRE(reader.report().at("sequences") == 4);
  REQUIRE(reader.provenance().is_null());
  REQUIRE(reader.vocabulary().has_same_ids(small_vocabulary()));
  for (int64_t i = 0; i < 4; ++i) {
    const SequenceRow row = make_row(documents[static_cast<size_t>(i)]);
    const SequenceView view = reader.row(i);
    REQUIRE(view.task_index == row.task_index);
    for (size_t j = 0; j < kLength; ++j) {
      REQUIRE(view.modality[j] == static_cast<uint8_t>(row.input.modality[j]));
      REQUIRE(view.local_position[j] == row.input.local_position[j]);
      REQUIRE(view.prompt_mask[j] == row.prompt_mask[j]);
      const TokenRow::PatchInterval interval{
          view.interval[4 * j], view.interval[4 * j + 1],
          view.interval[4 * j + 2], view.interval[4 * j + 3]};
      REQUIRE(interval == row.input.interval[j]);
      if (is_patch(view.tokens[j])) {
        const auto pixels = reader.patch_pixels().subspan(
            sizeof(Patch) * patch_index(view.tokens[j]), sizeof(Patch));
        const Patch& patch = documents[static_cast<size_t>(i)]
                                 .patches[patch_index(row.input.tokens[j])];
        REQUIRE(std::equal(pixels.begin(), pixels.end(), patch.begin()));
      } else {
        REQUIRE(view.tokens[j] == row.input.tokens[j]);
        REQUIRE(view.labels[j] == (j + 1 == kLength
                                       ? last_label(row.input.modality[j])
                                       : view.tokens[j]));
      }
    }
  }
}

TEST_CASE("Rows whose segments or prompts are out of order are refused") {
  // Returns the message that a changed row is refused with, without the path.
  const auto refusal = [](auto change) {
    TestDirectory directory;
    SequenceRow row = make_row(make_text_document(9));
    // Two documents, the first a prompt, and padding.
    std::fill_n(row.segment_ids.begin() + 4, 20, 1);
    std::fill_n(row.prompt_mask.begin() + 4, 20, 0);
    change(row);
    SequenceFileWriter writer(directory / "s.h5", false, {1, kLength, 0, false},
                              small_vocabulary());
    writer.append(row);
    Provenance provenance;
    provenance.enabled = false;
    writer.commit(small_tasks(), {}, {}, provenance);
    const SequenceFileReader reader(directory / "s.h5");
    try {
      reader.row(0);
    } catch (const base::Error& error) {
      REQUIRE(error.status() == base::ExitStatus::bad_input);
      return std::string(error.what())
          .substr((directory / "s.h5").string().size());
    }
    return std::string("none");
  };
  REQUIRE(refusal([](SequenceRow&) {}) == "none");
  REQUIRE(refusal([](SequenceRow& row) { row.segment_ids[23] = 9; }) == "none");
  const auto message = [](int token, const std::string& what) {
    return ": sequence 0, token " + std::to_string(token) + ": invalid " +
           what + ": the file is corrupt";
  };
  REQUIRE(refusal([](SequenceRow& row) { row.segment_ids[0] = 1; }) ==
          message(0, "segment 1"));
  REQUIRE(refusal([](SequenceRow& row) { row.segment_ids[5] = 0; }) ==
          message(5, "segment 0"));
  REQUIRE(refusal([](SequenceRow& row) { row.segment_ids[6] = 3; }) ==
          message(6, "segment 3"));
  REQUIRE(refusal([](SequenceRow& row) { row.prompt_mask[2] = 0; }) ==
          message(2, "prompt mask 0"));
  REQUIRE(refusal([](SequenceRow& row) { row.prompt_mask[5] = 1; }) ==
          message(5, "prompt mask 1"));
  REQUIRE(refusal([](SequenceRow& row) { row.prompt_mask[0] = 2; }) ==
          message(0, "prompt mask 2"));
  REQUIRE(refusal([](SequenceRow& row) {
            row.input.modality[20] = Modality::text;
          }) == message(20, "modality after padding: 1"));
}

TEST_CASE("A sequence file contains its demonstrations as a token file") {
  TestDirectory directory;
  const std::vector documents{make_episode_document(2, 1, 2, 1),
                              make_text_document(9)};
  write(directory / "sequences.h5", documents, false);
  const SequenceFileReader reader(directory / "sequences.h5");
  const auto demonstrations = reader.read_demonstrations();
  REQUIRE(demonstrations.size() == 2);
  REQUIRE(demonstrations[0].is_episode);
  REQUIRE(demonstrations[0].modality == documents[0].modality);
  REQUIRE(demonstrations[1].tokens == documents[1].tokens);
  const TokenFileReader embedded(directory / "sequences.h5", "demonstrations");
  REQUIRE(embedded.tasks().to_json() == small_tasks().to_json());
  REQUIRE(embedded.vocabulary().has_same_ids(small_vocabulary()));
}

TEST_CASE("Without labels, the tokens are the labels") {
  TestDirectory directory;
  write(directory / "sequences.h5", {make_text_document(9)}, false);
  const SequenceFileReader reader(directory / "sequences.h5");
  REQUIRE(reader.row(0).labels.data() == reader.row(0).tokens.data());
}

TEST_CASE("The same rows produce the same bytes") {
  TestDirectory directory;
  const std::vector documents{make_episode_document(4, 1, 2, 1),
                              make_text_document(9)};
  write(directory / "first.h5", documents, true);
  write(directory / "second.h5", documents, true);
  REQUIRE(file_bytes(directory / "first.h5") ==
          file_bytes(directory / "second.h5"));
}

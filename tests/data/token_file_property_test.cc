// Random documents are read from a token file as they were written.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "data/sample_documents.h"

using namespace gato;
using namespace gato::data;
using namespace gato::test;

namespace {

TokenizedDocument random_document() {
  if (*rc::gen::inRange(0, 3) == 0) {
    return make_text_document(*rc::gen::inRange(0, 9));
  }
  TokenizedDocument document =
      make_episode_document(*rc::gen::inRange(0, 5), *rc::gen::inRange(1, 4),
                            *rc::gen::inRange(1, 4), *rc::gen::inRange(0, 3));
  if (*rc::gen::inRange(0, 2) == 0) {
    document.labels = document.tokens;
    for (size_t i = 0; i < document.labels.size(); ++i) {
      if (is_action(document.modality[i])) {
        document.labels[i] = small_vocabulary().continuous_begin();
      }
    }
  }
  return document;
}

// Returns, for each token, its modality followed by its id and label or by the
// pixels of its patch.
std::vector<std::vector<int>> contents(const TokenizedDocument& document) {
  std::vector<std::vector<int>> contents;
  for (size_t i = 0; i < document.tokens.size(); ++i) {
    const int32_t token = document.tokens[i];
    contents.push_back({static_cast<int>(document.modality[i])});
    if (is_patch(token)) {
      const Patch& patch = document.patches.at(patch_index(token));
      contents.back().insert(contents.back().end(), patch.begin(), patch.end());
    } else {
      contents.back().push_back(token);
      contents.back().push_back(document.labels.empty() ? token
                                                        : document.labels[i]);
    }
  }
  return contents;
}

}  // namespace

TEST_CASE("Random documents and windows of their steps are read as written") {
  const bool holds = rc::check("round trip", [] {
    TestDirectory directory;
    std::vector<TokenizedDocument> documents;
    const int count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      documents.push_back(random_document());
    }
    TokenFileWriter writer(directory / "tokens.h5", false, small_vocabulary());
    for (const auto& document : documents) {
      writer.append(document);
    }
    writer.commit(small_tasks(), small_provenance());

    const TokenFileReader reader(directory / "tokens.h5");
    RC_ASSERT(reader.document_count() == count);
    for (int i = 0; i < count; ++i) {
      const TokenizedDocument& document = documents[static_cast<size_t>(i)];
      RC_ASSERT(contents(reader.document(i)) == contents(document));
      RC_ASSERT(reader.document(i).step_offset == document.step_offset);
      const auto steps = static_cast<int>(document.step_offset.size()) - 1;
      if (steps == 0) {
        continue;
      }
      const int first = *rc::gen::inRange(0, steps);
      const int last = *rc::gen::inRange(first, steps) + 1;
      auto expected = contents(document);
      expected.erase(
          expected.begin() + document.step_offset[static_cast<size_t>(last)],
          expected.end());
      expected.erase(
          expected.begin(),
          expected.begin() + document.step_offset[static_cast<size_t>(first)]);
      RC_ASSERT(contents(reader.read_steps(i, first, last)) == expected);
    }
  });
  REQUIRE(holds);
}

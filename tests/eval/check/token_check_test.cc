#include "gato/eval/check/token_check.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>

#include "data/make_field.h"
#include "data/sample_documents.h"
#include "gato/eval/check/patch_colors.h"
#include "gato/eval/check/text_coverage.h"
#include "tokenize/tokenize_reference.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;
using data::Modality;

namespace {

using Names = std::set<std::string>;

// A token file of one task with a continuous observation of two elements, an
// image and a continuous action, whose ids are functions of document and step.
struct Tokens {
  std::function<int32_t(int64_t document, int64_t step)> observation =
      [](int64_t d, int64_t s) { return 300 + (7 * s + 13 * d) % 400; };
  std::function<int32_t(int64_t document, int64_t step)> action =
      [](int64_t d, int64_t s) { return 200 + (31 * s + 17 * d) % 600; };
  std::function<uint8_t(int64_t document, int64_t step, size_t byte)> pixel =
      [](int64_t d, int64_t s, size_t i) {
        return static_cast<uint8_t>(d + 3 * s + static_cast<int64_t>(i) % 7);
      };
  int64_t documents = 6, steps = 20;
  double total_reward = 1;

  data::TaskTable tasks() const {
    data::TaskEntry task;
    task.spec.name = "toy";
    task.spec.observation_fields = {
        make_field("image", data::Role::image, data::DType::uint8, {16, 16, 3}),
        make_field("goal", data::Role::continuous, data::DType::float32, {1}),
        make_field("state", data::Role::continuous, data::DType::float32, {1})};
    data::Field action =
        make_field("action", data::Role::continuous, data::DType::float32, {1});
    action.low = {-1};
    action.high = {1};
    task.spec.action_fields = {action};
    return {{task}, {"expert"}};
  }

  data::TokenizedDocument document(int64_t d,
                                   const data::Vocabulary& vocabulary) const {
    const int32_t continuous = vocabulary.continuous_begin();
    data::TokenizedDocument result;
    result.is_episode = true;
    result.total_reward = total_reward;
    const auto push = [&result](int32_t token, Modality modality) {
      result.tokens.push_back(token);
      result.modality.push_back(modality);
    };
    for (int64_t s = 0; s < steps; ++s) {
      result.step_offset.push_back(std::ssize(result.tokens));
      result.images.push_back({std::ssize(result.tokens), 1, 1});
      push(data::patch_token(s), Modality::patch);
      data::Patch& patch = result.patches.emplace_back();
      for (size_t i = 0; i < patch.size(); ++i) {
        patch[i] = pixel(d, s, i);
      }
      push(continuous + 5, Modality::continuous_observation);
      push(continuous + observation(d, s), Modality::continuous_observation);
      push(vocabulary.separator(), Modality::separator);
      push(continuous + action(d, s), Modality::continuous_action);
    }
    result.step_offset.push_back(std::ssize(result.tokens));
    return result;
  }

  // Writes the file and returns the checks and keys of what is found.
  Names check() const {
    const auto vocabulary = data::Vocabulary::without_text();
    const TestDirectory directory;
    data::TokenFileWriter writer(directory / "tokens.h5", false, vocabulary);
    for (int64_t d = 0; d < documents; ++d) {
      writer.append(document(d, vocabulary));
    }
    writer.commit(tasks(), small_provenance());
    Names names;
    for (const Finding& finding : check_tokens(
             data::TokenFileReader(directory / "tokens.h5"), nullptr)) {
      names.insert(finding.check + " " + finding.key);
    }
    return names;
  }
};

}  // namespace

TEST_CASE("Sound tokens have no findings") { CHECK(Tokens().check().empty()); }

TEST_CASE("Faults of tokens are found") {
  Tokens constant;
  constant.observation = [](int64_t, int64_t) { return 400; };
  CHECK(constant.check() == Names{"constant toy:state"});
  Tokens clipped;
  clipped.action = [](int64_t d, int64_t s) {
    return (s * s + d) % 3 == 0 ? 0
           : (s + d) % 2 == 0   ? 1023
                                : 100 + static_cast<int32_t>(s);
  };
  CHECK(clipped.check() == Names{"clipped toy:action"});
  Tokens outer;
  outer.observation = [](int64_t d, int64_t s) {
    return s % 5 == 0 ? 1023 : 300 + static_cast<int32_t>(s + d);
  };
  CHECK(outer.check() == Names{"clipped toy:state"});
  Tokens frozen;
  frozen.action = [](int64_t d, int64_t s) {
    return s < 15 ? 700 : 200 + static_cast<int32_t>(s + d);
  };
  CHECK(frozen.check() == Names{"frozen toy"});
  frozen.action = [](int64_t d, int64_t s) {  // at rest
    return s < 15 ? 512 : 200 + static_cast<int32_t>(s + d);
  };
  CHECK(frozen.check().empty());
  Tokens blank;
  blank.pixel = [](int64_t d, int64_t s, size_t i) {
    return static_cast<uint8_t>(s < 10 ? 40
                                       : d + s + static_cast<int64_t>(i) % 5);
  };
  CHECK(blank.check() == Names{"one_color toy"});
}

TEST_CASE("Faults of documents are found") {
  Tokens repeated;
  repeated.observation = [](int64_t, int64_t s) {
    return 300 + static_cast<int32_t>(s);
  };
  repeated.action = repeated.observation;
  repeated.pixel = [](int64_t, int64_t s, size_t i) {
    return static_cast<uint8_t>(s + static_cast<int64_t>(i) % 5);
  };
  CHECK(repeated.check() == Names{"repeated toy"});
  Tokens single;
  single.documents = 1;
  CHECK(single.check() == Names{"prompt toy"});
  Tokens short_ones;
  short_ones.steps = 1;
  short_ones.documents = 12;
  CHECK(short_ones.check() == Names{"length_one toy"});
  Tokens worthless;
  worthless.total_reward = 0;
  CHECK(worthless.check() == Names{"reward toy"});
  Tokens none;
  none.documents = 0;
  CHECK(none.check() == Names{"no_documents "});
}

TEST_CASE("Padded patches do not hide that an image has one color") {
  data::Patch plain, padded, mixed;
  for (size_t i = 0; i < plain.size(); ++i) {
    const size_t y = i / 48, x = i % 48 / 3;
    plain[i] = static_cast<uint8_t>(50 + i % 3);
    padded[i] = y < 4 && x < 16 ? plain[i] : 0;
    mixed[i] = (y + x) % 2 == 0 ? plain[i] : 0;
  }
  const std::vector<data::Patch> patches = {plain, padded, mixed};
  const PatchColors colors(3, [&patches](int64_t i) {
    return patches[static_cast<size_t>(i)].data();
  });
  data::TokenizedDocument document;
  document.tokens = {data::patch_token(0), data::patch_token(1)};
  CHECK(colors.is_one_color(document, {0, 2, 1}));
  document.tokens[1] = data::patch_token(2);
  CHECK(!colors.is_one_color(document, {0, 2, 1}));
  document.tokens[0] = data::patch_token(2);
  CHECK(!colors.is_one_color(document, {0, 2, 1}));
  document.tokens = {data::patch_token(1), data::patch_token(0)};
  CHECK(!colors.is_one_color(document, {0, 2, 1}));
}

TEST_CASE("Unknown pieces and a foreign vocabulary are found") {
  const tokenize::TextEncoder encoder(text_model_bytes());
  const TextCoverage coverage(encoder);
  TextTally tally;
  coverage.add_text(std::string("\xe2\x98\x83 snow"), tally);
  std::vector<Finding> findings;
  tally.unknown = 2;
  find_text_faults(tally, "mission", findings);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].check == "unknown_pieces");
  CHECK(findings[0].key == "mission");
  CHECK(findings[0].count == 2);
  findings.clear();
  find_text_faults({.pieces = 100, .words = 30, .known_words = 1}, "",
                   findings);
  CHECK(findings.empty());
  find_text_faults({.pieces = 100, .words = 30}, "", findings);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].check == "text_vocabulary");
}

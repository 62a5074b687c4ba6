// The command line of gato-rollout caption.
#include "gato/commands/rollout/rollout_caption.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "commands/image_text_fixture.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::commands;
using Catch::Contains;
using namespace gato::test;

namespace {

RunResult run(std::vector<std::string> arguments) {
  return run_command("gato-rollout", rollout_caption_command(),
                     std::move(arguments));
}

}  // namespace

TEST_CASE_METHOD(
    ImageTextFixture,
    "Every image gets a line, in order, for any batch size and threads") {
  std::vector<std::string> arguments = {
      "--model", model, "--max-tokens", "8", "--temperature", "1"};
  std::vector<std::string> paths;
  for (int i = 0; i < 5; ++i) {
    paths.push_back(
        write_image(std::to_string(i) + ".png", 16 + 16 * i / 2, 40 * i));
  }
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), more.begin(), more.end());
    all.insert(all.end(), paths.begin(), paths.end());
    const RunResult ran = run(all);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return ran.out;
  };
  const std::string one = with({"--batch", "1", "--threads", "1"});
  const std::vector<std::string> lines = lines_of(one);
  REQUIRE(lines.size() == 5);
  for (int i = 0; i < 5; ++i) {
    const auto line = nlohmann::json::parse(lines[i]);
    REQUIRE(line.size() == 2);
    REQUIRE(line["image"] == paths[i]);
    REQUIRE(line["caption"].is_string());
  }
  REQUIRE(with({"--batch", "2", "--threads", "2"}) == one);
  REQUIRE(with({"--json"}) == one);
  REQUIRE(with({"--seed", "9"}) != one);

  // Sample 0 is the caption without --samples.
  const std::string samples =
      with({"--samples", "3", "--batch", "4", "--threads", "2"});
  REQUIRE(with({"--samples", "3", "--batch", "1"}) == samples);
  const std::vector<std::string> sampled = lines_of(samples);
  REQUIRE(sampled.size() == 15);
  for (int i = 0; i < 15; ++i) {
    const auto line = nlohmann::json::parse(sampled[i]);
    CHECK(line["image"] == paths[i / 3]);
    CHECK(line["sample"] == i % 3);
    if (i % 3 == 0) {
      CHECK(line["caption"] == nlohmann::json::parse(lines[i / 3])["caption"]);
    }
  }
}

TEST_CASE_METHOD(ImageTextFixture,
                 "Images are resized as in the captions of the training data") {
  const std::string large = write_image("large.png", 256, 90);
  // 256 patches do not fit in a context of 64.
  const RunResult refused = run({"--model", model, large});
  REQUIRE(refused.status == 3);
  REQUIRE_THAT(refused.err, Contains("large.png") && Contains("--resize"));
  REQUIRE(run({"--model", model, "--resize", "32x32", large}).status == 0);

  data::TaskTable tasks;
  tasks.tasks.resize(1);
  tasks.tasks[0].spec.name = "captions";
  tasks.tasks[0].image_height = tasks.tasks[0].image_width = 32;
  write_tiny_model(folder / "resizing", tasks);
  REQUIRE(run({"--model", folder / "resizing", large}).status == 0);
}

TEST_CASE_METHOD(ImageTextFixture,
                 "An image that cannot be captioned is named") {
  const std::string good = write_image("good.png", 16, 90);
  const std::string text = folder.write_file("text.png", "not an image");
  const std::string jpeg = write_image("whole.jpg", 32, 90);
  const std::string half = folder.write_file(
      "half.jpg",
      base::read_file(jpeg).substr(0, base::read_file(jpeg).size() / 2));
  const std::vector<std::pair<std::string, int>> bad = {
      {text, 3}, {half, 3}, {folder / "missing.png", 4}, {folder / "", 4}};
  std::vector<std::string> all = {"--model", model, "--threads", "2",
                                  "--batch", "2",   good};
  for (const auto& [path, status] : bad) {
    const RunResult refused = run({"--model", model, good, path, good});
    CHECK(refused.status == status);
    CHECK_THAT(refused.err, Contains(path));
    CHECK(lines_of(refused.out).size() == 1);
    all.push_back(path);
  }
  all.push_back(good);
  const auto tolerating = [&](const std::string& number) {
    std::vector<std::string> arguments = all;
    arguments.insert(arguments.end(), {"--skip-bad", number});
    return run(arguments);
  };
  const RunResult skipped = tolerating("4");
  CHECK(skipped.status == 0);
  for (const auto& [path, status] : bad) {
    CHECK_THAT(skipped.err, Contains("skipped: " + path + ": "));
  }
  CHECK_THAT(skipped.err, Contains("counts: read 6, written 2, skipped 4"));
  const std::vector<std::string> lines = lines_of(skipped.out);
  REQUIRE(lines.size() == 2);
  for (const std::string& line : lines) {
    CHECK(nlohmann::json::parse(line)["image"] == good);
  }

  const RunResult one_too_many = tolerating("3");
  CHECK(one_too_many.status == 4);
  CHECK(lines_of(one_too_many.out).size() == 1);
  CHECK(run({"--model", folder / "nowhere", text}).status == 4);
}

// The command lines of gato-rollout answer and gato-rollout chat.
#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "catch.h"
#include "commands/image_text_fixture.h"
#include "gato/commands/rollout/rollout_answer.h"
#include "gato/commands/rollout/rollout_chat.h"

using namespace gato;
using namespace gato::commands;
using Catch::Contains;
using namespace gato::test;
using nlohmann::json;

namespace {

// Replaces the standard input by a file as long as it is alive.
class ScopedInput {
 public:
  explicit ScopedInput(const std::string& path) : saved_(dup(STDIN_FILENO)) {
    const int file = open(path.c_str(), O_RDONLY);
    REQUIRE(file >= 0);
    dup2(file, STDIN_FILENO);
    close(file);
  }
  ~ScopedInput() {
    dup2(saved_, STDIN_FILENO);
    close(saved_);
  }
  ScopedInput(const ScopedInput&) = delete;
  ScopedInput& operator=(const ScopedInput&) = delete;

 private:
  int saved_;
};

struct Fixture : ImageTextFixture {
  // Runs a command of gato-rollout with the model and this input.
  RunResult run(const std::string& command, std::vector<std::string> more,
                const std::string& input = "") const {
    const ScopedInput standard_input(folder.write_file("input", input));
    std::vector<std::string> arguments = {command, "--model", model,
                                          "--max-tokens", "6"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_in_process({"gato-rollout",
                           "",
                           "",
                           {rollout_answer_command(), rollout_chat_command()},
                           {}},
                          arguments);
  }
};

std::string question_line(const std::string& image,
                          const std::string& question) {
  return json{{"image", image}, {"question", question}}.dump() + "\n";
}

}  // namespace

TEST_CASE("A question is answered about each image, also from JSON lines") {
  const Fixture fixture;
  const std::string a = fixture.write_image("a.png", 16, 20),
                    b = fixture.write_image("b.png", 32, 200);
  const RunResult ran =
      fixture.run("answer", {"--question", "what is it?", a, b});
  INFO(ran.err);
  REQUIRE(ran.status == 0);
  const std::vector<std::string> lines = lines_of(ran.out);
  REQUIRE(lines.size() == 2);
  const json line = json::parse(lines[1]);
  CHECK(line.size() == 3);
  CHECK(line["image"] == b);
  CHECK(line["question"] == "what is it?");
  CHECK(line["answer"].is_string());

  const std::string questions = question_line(a, "what is it?") + "\n" +
                                question_line(b, "what is it?") +
                                question_line(a, "where is it?");
  const RunResult from_input = fixture.run("answer", {}, questions);
  INFO(from_input.err);
  REQUIRE(from_input.status == 0);
  CHECK_THAT(from_input.out, Catch::StartsWith(ran.out));
  CHECK(lines_of(from_input.out).size() == 3);
  CHECK(fixture.run("answer", {"--batch", "1", "--threads", "2"}, questions)
            .out == from_input.out);
  CHECK_THAT(from_input.err, Contains("counts: read 3, written 3, skipped 0"));
}

TEST_CASE("A bad line or image is skipped if --skip-bad allows it") {
  const Fixture fixture;
  const std::string image = fixture.write_image("a.png", 16, 20);
  const std::string good = question_line(image, "what is it?");
  const std::vector<std::pair<std::string, int>> bad = {
      {"not json\n", 3},
      {question_line(image, " "), 3},
      {"{\"image\": \"x.png\"}\n", 3},
      {"{\"image\": \"x.png\", \"question\": \"a\xFF\"}\n", 3},
      {question_line(fixture.folder / "missing.png", "what?"), 4},
      {question_line(image, std::string(900, 'x')), 3}};
  std::string all = good;
  for (const auto& [line, status] : bad) {
    const RunResult refused = fixture.run("answer", {}, good + line + good);
    INFO(line << refused.err);
    CHECK(refused.status == status);
    CHECK(lines_of(refused.out).size() == 1);
    all += line;
  }
  const RunResult skipped =
      fixture.run("answer", {"--skip-bad", "6"}, all + good);
  INFO(skipped.err);
  CHECK(skipped.status == 0);
  CHECK(lines_of(skipped.out).size() == 2);
  CHECK_THAT(skipped.err, Contains("standard input, line 2") &&
                              Contains("counts: read 8, written 2, skipped 6"));
  // The sample of a question does not depend on what was skipped in its batch.
  const std::vector<std::string> sampling = {
      "--skip-bad", "6", "--temperature", "1", "--seed", "3"};
  std::vector<std::string> one_by_one = sampling;
  one_by_one.insert(one_by_one.end(), {"--batch", "1"});
  CHECK(fixture.run("answer", sampling, all + good).out ==
        fixture.run("answer", one_by_one, all + good).out);
}

TEST_CASE("Options that make no question are usage errors") {
  const Fixture fixture;
  const std::string image = fixture.write_image("a.png", 16, 20);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"--question", "", image},
           {"--question", "what?"},
           {"--question", "a\xFF", image},
           {image},
           {"--question", "what?", "--greedy", "--temperature", "1", image},
           {"--question", "what?", "--top-p", "2", image}}) {
    const RunResult ran = fixture.run("answer", arguments);
    INFO(ran.err);
    CHECK(ran.status == 2);
    CHECK(ran.out.empty());
  }
}

TEST_CASE("Greedy text is that of temperature 0 and of the best token alone") {
  const Fixture fixture;
  const std::string image = fixture.write_image("a.png", 16, 20);
  const auto answer = [&](std::vector<std::string> options) {
    options.insert(options.end(), {"--question", "what?", image});
    const RunResult ran = fixture.run("answer", options);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return ran.out;
  };
  const std::string greedy = answer({"--greedy"});
  CHECK(answer({}) == greedy);
  CHECK(answer({"--temperature", "0"}) == greedy);
  CHECK(answer({"--top-k", "1"}) == greedy);
  CHECK(answer({"--top-p", "0", "--temperature", "2"}) == greedy);
  CHECK(answer({"--temperature", "1e6"}) != greedy);
}

TEST_CASE("Chat writes a reply for each turn, as text or JSON") {
  const Fixture fixture;
  const std::string image = fixture.write_image("a.png", 16, 20);
  const RunResult plain =
      fixture.run("chat", {"--preamble", "none"},
                  "red\r\n\n/image " + image + "\nwhat is it?\nblue");
  INFO(plain.err);
  REQUIRE(plain.status == 0);
  const std::vector<std::string> replies = lines_of(plain.out);
  REQUIRE(replies.size() == 3);
  CHECK_THAT(plain.err, Contains("counts: read 4, replies 3, skipped 0"));

  const RunResult as_json = fixture.run(
      "chat", {"--preamble", "none", "--json"},
      json{{"role", "user"}, {"text", "red"}}.dump() + "\n" +
          json{{"role", "user"}, {"text", "what is it?"}, {"image", image}}
              .dump() +
          "\n" + json{{"role", "user"}, {"text", "blue"}}.dump() + "\n");
  INFO(as_json.err);
  REQUIRE(as_json.status == 0);
  const std::vector<std::string> lines = lines_of(as_json.out);
  REQUIRE(lines.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(json::parse(lines[i]) ==
          json{{"role", "model"}, {"text", replies[i]}});
  }
  // --image belongs to the first turn.
  CHECK(lines_of(fixture
                     .run("chat", {"--preamble", "none", "--image", image},
                          "what is it?\n")
                     .out) ==
        lines_of(fixture
                     .run("chat", {"--preamble", "none"},
                          "/image " + image + "\nwhat is it?\n")
                     .out));
}

TEST_CASE("A new dialogue forgets all turns and images before it") {
  const Fixture fixture;
  const std::string image = fixture.write_image("a.png", 16, 20);
  const auto last_reply = [&](const std::string& input,
                              std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--preamble", "none"});
    const RunResult ran = fixture.run("chat", options, input);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    const std::vector<std::string> replies = lines_of(ran.out);
    REQUIRE_FALSE(replies.empty());
    return replies.back();
  };
  const std::string before = "red\n/image " + image + "\n", turn = "circle\n";
  CHECK(last_reply(before + turn) != last_reply(turn));
  CHECK(last_reply(before + "/new\n" + turn) == last_reply(turn));
  const std::string user = R"({"role": "user", "text": )";
  CHECK(last_reply(user + "\"red\"}\n" + user + "\"circle\", \"new\": true}\n",
                   {"--json"}) ==
        last_reply(user + "\"circle\"}\n", {"--json"}));
  CHECK(fixture
            .run("chat", {"--preamble", "none", "--json"},
                 user + "\"circle\", \"new\": 1}\n")
            .status == 3);
}

TEST_CASE("A recorded reply replaces the generated one") {
  const Fixture fixture;
  const auto replies = [&](const std::vector<json>& turns) {
    std::string input;
    for (const json& turn : turns) {
      input += turn.dump() + "\n";
    }
    const RunResult ran =
        fixture.run("chat", {"--preamble", "none", "--json"}, input);
    INFO(ran.err);
    REQUIRE(ran.status == 0);
    return lines_of(ran.out);
  };
  const json first = {{"role", "user"}, {"text", "red"}};
  const json second = {{"role", "user"}, {"text", "circle"}};
  const std::vector<std::string> generated = replies({first, second});
  const std::string text = json::parse(generated[0])["text"];
  const std::vector<std::string> replaced = replies(
      {first, {{"role", "model"}, {"text", "left of the square"}}, second});
  REQUIRE(replaced.size() == 2);
  CHECK(replaced[0] == generated[0]);
  CHECK(replaced[1] != generated[1]);
}

TEST_CASE("A turn that cannot be read ends the chat, or is skipped") {
  const Fixture fixture;
  const std::vector<std::pair<std::string, int>> bad = {
      {"a\xFF", 3},
      {std::string(900, 'x'), 3},
      {"/image " + (fixture.folder / "missing.png"), 4}};
  for (const auto& [line, status] : bad) {
    const std::string input = "red\n" + line + "\nblue\n";
    const RunResult refused =
        fixture.run("chat", {"--preamble", "none"}, input);
    INFO(refused.err);
    CHECK(refused.status == status);
    CHECK_THAT(refused.err, Contains("standard input, line 2"));
    CHECK(lines_of(refused.out).size() == 1);
    const RunResult skipped =
        fixture.run("chat", {"--preamble", "none", "--skip-bad", "1"}, input);
    CHECK(skipped.status == 0);
    CHECK(lines_of(skipped.out).size() == 2);
  }
  for (const char* line : {"{\"role\": \"user\", \"text\": \"\"}",
                           "{\"role\": \"cat\", \"text\": "
                           "\"meow\"}",
                           "{\"text\": \"hi\"}", "hi"}) {
    CHECK(fixture.run("chat", {"--preamble", "none", "--json"}, line).status ==
          3);
  }
  CHECK(fixture.run("chat", {"--preamble", fixture.folder / "missing"}, "red\n")
            .status == 4);
  const std::string long_preamble =
      fixture.folder.write_file("long", std::string(400, 'x'));
  CHECK(fixture.run("chat", {"--preamble", long_preamble}, "red\n").status ==
        2);
}

TEST_CASE(
    "The default preamble is omitted if it does not fit, with a warning") {
  const Fixture fixture;
  const RunResult ran = fixture.run("chat", {}, "red\n");
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err, Contains("default preamble"));
  CHECK(ran.out == fixture.run("chat", {"--preamble", "none"}, "red\n").out);
}

#include "gato/cli/tool.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>

#include "cli/run_in_process.h"
#include "gato/base/file_patterns.h"
#include "gato/base/progress.h"
#include "gato/base/signals.h"
#include "gato/cli/logging.h"

using namespace gato;
using namespace gato::cli;
using Catch::Contains;
using gato::test::run_in_process;
using gato::test::ScratchDirectory;

namespace {

struct PackOptions {
  int64_t length = 1024;
  double prompt_fraction = 0.25;
  std::string fill = "same-task";
  std::optional<double> rate;
  std::vector<int64_t> episodes = {1, 3};
  std::vector<std::string> data;
  std::map<std::string, std::string> role;
  bool shuffle = false;
};

Command pack_command(std::function<base::ExitStatus(CommandContext&)> work) {
  Command command;
  command.summary = "Pack token files";
  command.operands = "INPUT[:WEIGHT]...";
  command.min_operands = 1;
  command.output = OutputRequirement::optional;
  command.has_skip_bad = true;
  command.examples = {{"gato-try -o out.h5 a.h5", "Pack one file"}};
  command.build = [work](OptionTable& table) -> CommandFunction {
    auto options = std::make_shared<PackOptions>();
    table.add("length", &options->length, "Tokens per sequence")
        .short_name('L')
        .metavar("L")
        .range(2, 65536);
    table.add("prompt-fraction", &options->prompt_fraction, "Fraction")
        .range(0, 1);
    table.add("fill", &options->fill, "What to fill the rest with")
        .one_of({"same-task", "pad"});
    table.add("rate", &options->rate, "Learning rate");
    table.add("episodes", &options->episodes, "Sizes");
    table.add("data", &options->data, "Files").metavar("FILE...").files();
    table.add("role", &options->role, "Role of a key").metavar("KEY=ROLE");
    table.add("shuffle", &options->shuffle, "Shuffle");
    return [options, work](CommandContext& context) { return work(context); };
  };
  return command;
}

Tool pack_tool(std::function<base::ExitStatus(CommandContext&)> work) {
  return {"gato-try", "try things", "", {pack_command(work)}, {"gato-info"}};
}

// Prints the configuration and the operands.
Tool echo_tool() {
  return pack_tool([](CommandContext& context) {
    nlohmann::json json = context.record.configuration;
    std::cout << json.dump() << "\n";
    return base::ExitStatus::success;
  });
}

nlohmann::json configuration(const std::vector<std::string>& arguments) {
  const auto result = run_in_process(echo_tool(), arguments);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.out);
}

Tool throwing_tool(std::function<void()> failure) {
  return pack_tool([failure](CommandContext&) {
    failure();
    return base::ExitStatus::success;
  });
}

// Makes the command one that resumes runs, whose options may all change then.
void make_resumable(Command& command) {
  command.can_resume = true;
  command.build = [build = command.build](OptionTable& table) {
    CommandFunction work = build(table);
    for (const auto& option : table.options()) {
      option->may_change_on_resume();
    }
    return work;
  };
}

int status_of(std::function<void()> failure) {
  return run_in_process(throwing_tool(failure), {"x"}).status;
}

}  // namespace

TEST_CASE("Options of every type are parsed") {
  const auto json =
      configuration({"--length=64", "--prompt-fraction", "0.5", "--fill", "pad",
                     "--rate", "-1e-3", "--episodes", "1,5", "--episodes", "10",
                     "--role", "a/b=image", "--role", "c=text=x", "--shuffle",
                     "--seed", "18446744073709551615", "in.h5:2"});
  REQUIRE(json["length"] == 64);
  REQUIRE(json["prompt-fraction"] == 0.5);
  REQUIRE(json["fill"] == "pad");
  REQUIRE(json["rate"] == -1e-3);
  REQUIRE(json["episodes"] == nlohmann::json({1, 5, 10}));
  REQUIRE(json["role"]["a/b"] == "image");
  REQUIRE(json["role"]["c"] == "text=x");
  REQUIRE(json["shuffle"] == true);
  REQUIRE(json["seed"] == 18446744073709551615u);
  REQUIRE(json["inputs"] == nlohmann::json({"in.h5:2"}));
}

TEST_CASE("Operands and values in brackets arrive as they were given") {
  const ScratchDirectory folder;
  for (const char* name : {"a", "b", "c", "[ac]"}) {
    folder.write_file(name, "");
  }
  const auto previous = std::filesystem::current_path();
  std::filesystem::current_path(folder / ".");
  auto json = configuration({"--data", "[ab]", "[c,]", "--data=[ca]", "--role",
                             "[k]=[v]", "--log-file=[x]", "--", "[ab]"});
  CHECK(json["data"] == nlohmann::json({"a", "b", "c", "a", "c"}));
  CHECK(json["role"]["[k]"] == "[v]");
  CHECK(json["log-file"] == "[x]");
  CHECK(json["inputs"] == nlohmann::json({"a", "b"}));
  json = configuration({"[ab]", "[ac]", "--shuffle", "--shuffle"});
  CHECK(json["inputs"] == nlohmann::json({"a", "b", "[ac]"}));
  std::filesystem::current_path(previous);
}

TEST_CASE(
    "A list option takes all values up to the next option, except for "
    "required operands") {
  auto json = configuration({"in.h5", "--data", "a", "b", "--length", "8"});
  REQUIRE(json["data"] == nlohmann::json({"a", "b"}));
  json = configuration({"--data", "a", "b", "in.h5"});
  REQUIRE(json["data"] == nlohmann::json({"a", "b"}));
  REQUIRE(json["inputs"] == nlohmann::json({"in.h5"}));
  json = configuration({"--data", "a,b", "--", "-in.h5"});
  REQUIRE(json["data"] == nlohmann::json({"a,b"}));
  REQUIRE(json["inputs"] == nlohmann::json({"-in.h5"}));
}

TEST_CASE(
    "A usage error prints one line and a hint on stderr and exits with 2") {
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{"--lenght", "5", "x"},
       "unknown option '--lenght'; did you mean '--length'?"},
      {{"--length", "5x", "x"},
       "option --length: '5x' is not an integer: unexpected 'x'"},
      {{"--length", "1", "x"}, "option --length: 1 is not between 2 and 65536"},
      {{"--prompt-fraction", "nan", "x"}, "is not a finite number"},
      {{"--fill", "same_task", "x"}, "did you mean 'same-task'?"},
      {{"--role", "a", "x"}, "'a' is not of the form KEY=VALUE"},
      {{"--length"}, "option --length requires a value"},
      {{"-Z", "x"}, "unknown option '-Z'"},
      {{"--seed", "-1", "x"},
       "option --seed: '-1' is not a non-negative integer"},
      {{}, "INPUT[:WEIGHT]... is missing"},
      {{"-L", "8", "--length=9", "x"},
       "option --length is given 2 times (8, 9), but takes one value"},
      {{"--rate", "1", "--rate", "1", "x"}, "option --rate is given 2 times"},
      {{"-o", "a", "-o", "b", "x"}, "option --output is given 2 times (a, b)"},
      {{"--fill", "pad", "--seed", "1", "--fill", "pad", "x"},
       "option --fill is given 2 times"},
      {{"--role", "a=text", "--role", "a=image", "x"},
       "option --role: 'a' is given twice"},
      {{"--shuffle", "--shuffle=false", "x"},
       "option --shuffle is given 2 times (true, false)"},
      {{"-o", "/", "x"}, "\"/\" is not a valid name for an output"}};
  for (const Case& one : cases) {
    const auto result = run_in_process(echo_tool(), one.arguments);
    INFO(one.message << " in " << result.err);
    REQUIRE(result.status == 2);
    REQUIRE(result.out.empty());
    REQUIRE_THAT(result.err, Contains(one.message));
    REQUIRE_THAT(result.err, Catch::StartsWith("gato-try: error: "));
    REQUIRE_THAT(result.err, Catch::EndsWith("\nTry 'gato-try --help'.\n"));
    REQUIRE(std::count(result.err.begin(), result.err.end(), '\n') == 2);
  }
}

TEST_CASE("Help and version go to stdout with status 0") {
  for (const std::string flag : {"--help", "-h"}) {
    const auto result = run_in_process(echo_tool(), {"--bogus", flag});
    REQUIRE(result.status == 0);
    REQUIRE(result.err.empty());
    REQUIRE_THAT(result.out, Catch::StartsWith("Usage: gato-try [OPTION]... "));
    REQUIRE_THAT(result.out, Contains("  -L, --length L"));
    REQUIRE_THAT(result.out, Contains("default: 1024"));
    REQUIRE_THAT(result.out, Contains("Pack token files.\n"));
    REQUIRE_THAT(result.out, Contains("  143"));
  }
  const auto result = run_in_process(echo_tool(), {"--version"});
  REQUIRE(result.status == 0);
  REQUIRE_THAT(result.out, Catch::StartsWith("gato-try (gato) "));
}

TEST_CASE("The help lists only the exit statuses that a command can return") {
  Tool tool = echo_tool();
  const auto help = [&tool](const char* flag = "--help") {
    return run_in_process(tool, {flag}).out;
  };
  REQUIRE_THAT(help(), !Contains("  75"));
  REQUIRE_THAT(help(), Contains("--force was not given"));
  tool.commands[0].output = OutputRequirement::none;
  REQUIRE_THAT(help(), !Contains("--force was not given"));
  make_resumable(tool.commands[0]);
  REQUIRE_THAT(help(), Contains("  75                      stopped early with "
                                "progress saved; run the same"));
  REQUIRE_THAT(help("--generate-man"), Contains(".B 75\nstopped early"));
}

TEST_CASE(
    "A command that resumes runs says what --resume does to each option") {
  Tool tool = echo_tool();
  tool.commands[0].can_resume = true;
  const auto result = run_in_process(tool, {"a.h5"});
  REQUIRE(result.status == 1);
  REQUIRE_THAT(result.err, Contains("option --length does not say how it may "
                                    "change on --resume"));
}

TEST_CASE("Options that a command ignores are described as unused") {
  Tool tool = echo_tool();
  tool.commands[0].name = "one";
  tool.commands.push_back(tool.commands[0]);
  tool.commands[1].name = "two";
  tool.commands[1].seed_help = kUnusedOption;
  make_resumable(tool.commands[1]);
  REQUIRE_THAT(run_in_process(tool, {"two", "--help"}).out,
               Contains("  --seed N                Unused by this command "
                        "(default: 0)\n"));
  const std::string page = run_in_process(tool, {"--generate-man"}).out;
  REQUIRE_THAT(page, Contains("\none: Random seed;"));
  REQUIRE_THAT(page, Contains(".br\ntwo: Unused by this command"));
  REQUIRE_THAT(page, Contains("\nNumber of threads;"));
  REQUIRE_THAT(page, Contains(".B 75\ntwo: stopped early"));
}

TEST_CASE(
    "The command line overrides configuration files, which override defaults") {
  const ScratchDirectory folder;
  const auto first =
      folder.write_file("a.toml",
                        "length = 10\nprompt_fraction = 1\n"
                        "inputs = [\"a,b\"]\nrole = {a = \"text\"}\n");
  const auto second = folder.write_file(
      "b.toml", "length = 20\nepisodes = [4, 5]\nfill = 'pad'\n");
  const auto json = configuration(
      {"--config", first, "--config", second, "--fill", "same-task"});
  REQUIRE(json["length"] == 20);
  REQUIRE(json["prompt-fraction"] == 1.0);
  REQUIRE(json["fill"] == "same-task");
  REQUIRE(json["episodes"] == nlohmann::json({4, 5}));
  REQUIRE(json["inputs"] == nlohmann::json({"a,b"}));
  REQUIRE(json["role"]["a"] == "text");
}

TEST_CASE("A configuration error names the file, line, key and closest key") {
  const ScratchDirectory folder;
  struct Case {
    std::string text, message;
    int status = 2;
  };
  const std::vector<Case> cases = {
      {"\nlenght = 5\n",
       "c.toml: line 2: key 'lenght' is unknown; did you mean 'length'?"},
      {"length = 'x'\n",
       "c.toml: line 1: key 'length' must be an integer, not 'x'"},
      {"length = \"3\"\n", "key 'length' must be an integer, not '3'"},
      {"length = [1]\n", "key 'length' must be an integer, not [ 1 ]"},
      {"length = 3.0\n", "key 'length' must be an integer, not 3.0"},
      {"length = {a = 1}\n", "must be an integer, not { a = 1 }"},
      {"rate = '0.5'\n", "key 'rate' must be a number, not '0.5'"},
      {"shuffle = 'true'\n", "must be true or false, not 'true'"},
      {"shuffle = 1\n", "must be true or false, not 1"},
      {"fill = [\"pad\"]\n", "must be a string, not [ 'pad' ]"},
      {"episodes = \"1,3\"\n", "must be an integer, not '1,3'"},
      {"episodes = [1, true]\n",
       "key 'episodes': each item must be an integer, not true"},
      {"role = ['a=text']\n", "must be a table of strings, not [ 'a=text' ]"},
      {"role = {a = 1}\n", "key 'role': 'a' must be a string, not 1"},
      {"seed = '7'\n", "key 'seed' must be an integer, not '7'"},
      {"[section]\nlength = 5\n", "key 'section' is unknown"},
      {"length = \n", "c.toml: line 1: "},
      {"skip-bad = 1\nskip_bad = 2\n",
       "is given twice, once with '-' and once with '_'"},
      {"dump-config = true\n", "key 'dump-config' is unknown"}};
  for (const Case& one : cases) {
    const auto path = folder.write_file("c.toml", one.text);
    const auto result = run_in_process(echo_tool(), {"--config", path, "x"});
    INFO(one.message << " in " << result.err);
    REQUIRE(result.status == one.status);
    REQUIRE_THAT(result.err, Contains(one.message));
  }
  REQUIRE(
      run_in_process(echo_tool(), {"--config", folder / "none", "x"}).status ==
      4);
  REQUIRE(run_in_process(echo_tool(), {"--config", folder / ".", "x"}).status ==
          4);
}

TEST_CASE(
    "A configuration may give an integer for a number and one item for a "
    "list") {
  const ScratchDirectory folder;
  const auto path = folder.write_file(
      "c.toml", "rate = 2\nepisodes = 4\ndata = \"a,b\"\nrole = {}\n");
  const auto json = configuration({"--config", path, "x"});
  REQUIRE(json["rate"] == 2.0);
  REQUIRE(json["episodes"] == nlohmann::json({4}));
  REQUIRE(json["data"] == nlohmann::json({"a,b"}));
  REQUIRE(json["role"].empty());
}

TEST_CASE("A dumped configuration restores the same values") {
  const ScratchDirectory folder;
  const std::vector<std::string> arguments = {"--length",
                                              "7",
                                              "--prompt-fraction",
                                              "0.1",
                                              "--rate",
                                              "1e-7",
                                              "--role",
                                              "a \"b\"=c\\d",
                                              "--role",
                                              "\tx=y\n",
                                              "--episodes",
                                              "2",
                                              "--seed",
                                              "18446744073709551615",
                                              "--shuffle",
                                              "--data",
                                              "a,b",
                                              "c",
                                              "--",
                                              "x y"};
  auto dump = [&](std::vector<std::string> given) {
    given.insert(given.begin(), "--dump-config");
    const auto result = run_in_process(echo_tool(), given);
    REQUIRE(result.status == 0);
    REQUIRE(result.err.empty());
    return result.out;
  };
  const std::string first = dump(arguments);
  REQUIRE_THAT(first, Contains("length = 7\n"));
  REQUIRE_THAT(first, !Contains("dump-config"));
  const auto path = folder.write_file("dump.toml", first);
  REQUIRE(dump({"--config", path}) == first);
  REQUIRE(configuration({"--config", path}) == configuration(arguments));
  // Required options may be missing from a dump, but given ones must be valid.
  REQUIRE(dump({}).find("inputs") == std::string::npos);
  REQUIRE(
      run_in_process(echo_tool(), {"--dump-config", "--length", "1"}).status ==
      2);
}

TEST_CASE("Checks of the option table run before a dump and may set options") {
  Tool tool = echo_tool();
  tool.commands[0].build = [](OptionTable& table) -> CommandFunction {
    auto preset = std::make_shared<std::string>();
    auto layers = std::make_shared<std::optional<int64_t>>();
    table.add("preset", preset.get(), "Preset");
    table.add("layers", layers.get(), "Layers");
    table.add_check([preset, layers] {
      if (*preset == "bad") {
        throw base::usage_error("--preset bad is not valid");
      }
      if (*preset == "small" && !*layers) {
        *layers = 4;
      }
      preset->clear();
    });
    return [](CommandContext&) { return base::ExitStatus::success; };
  };
  const auto result =
      run_in_process(tool, {"--preset", "small", "--dump-config"});
  REQUIRE_THAT(result.out, Contains("layers = 4\n"));
  REQUIRE_THAT(result.out, !Contains("preset"));
  REQUIRE(run_in_process(tool, {"--preset", "bad", "x"}).status == 2);
}

TEST_CASE(
    "Exactly one of several options is required, unless a flag lifts this") {
  Tool tool = echo_tool();
  tool.commands[0].min_operands = 0;
  tool.commands[0].other_usages = {"--list"};
  tool.commands[0].build = [](OptionTable& table) -> CommandFunction {
    struct Options {
      std::optional<std::string> model;
      std::vector<std::string> scripts;
      bool list = false;
    };
    auto options = std::make_shared<Options>();
    table.add("model", &options->model, "Model").metavar("DIR");
    table.add("scripts", &options->scripts, "Scripts");
    table.add("list", &options->list, "List");
    table.require_exactly_one({"model", "scripts"}, {"list"});
    table.require_exactly_one({"output"}, {"list"});
    return [options](CommandContext&) { return base::ExitStatus::success; };
  };
  const ScratchDirectory folder;
  const std::string output = folder / "out";
  const auto run = [&](std::vector<std::string> arguments) {
    return run_in_process(tool, arguments);
  };
  REQUIRE(run({"--model", "m", "-o", output}).status == 0);
  REQUIRE(run({"--scripts", "a", "-o", output}).status == 0);
  REQUIRE(run({"--list"}).status == 0);
  REQUIRE(run({"--dump-config"}).status == 0);
  auto result = run({"-o", output});
  REQUIRE(result.status == 2);
  REQUIRE_THAT(result.err,
               Contains("--model DIR or --scripts TEXT... is missing"));
  result = run({"--model", "m", "--scripts", "a", "-o", output});
  REQUIRE(result.status == 2);
  REQUIRE_THAT(result.err,
               Contains("--model and --scripts are mutually exclusive"));
  result = run({"--model", "m"});
  REQUIRE(result.status == 2);
  REQUIRE_THAT(result.err, Contains("--output PATH is missing"));

  const std::string help = run({"--help"}).out;
  REQUIRE_THAT(help, Contains("(--model DIR | --scripts TEXT...) --output "
                              "PATH [OPTION]..."));
  REQUIRE_THAT(help, Contains("\n       gato-try --list\n"));
  REQUIRE_THAT(help, Contains("Model (this or --scripts is required)"));
  REQUIRE_THAT(help, Contains("File to write (required)"));
  const std::string page = run({"--generate-man"}).out;
  REQUIRE_THAT(page, Contains(".br\n.B gato\\-try\n\\-\\-list\n"));
  REQUIRE_THAT(page, Contains("(this or \\-\\-model is required)"));
}

TEST_CASE("Operands come from the command line, file lists and globs") {
  const ScratchDirectory folder;
  const auto b = folder.write_file("b.h5", ""),
             a = folder.write_file("a.h5", "");
  const auto odd = folder.write_file("odd[1].h5", "");
  const auto list = folder.write_file("list", "one\n\ntwo *\r\n");
  const auto inputs = [](const std::vector<std::string>& arguments) {
    return configuration(arguments)["inputs"].get<std::vector<std::string>>();
  };
  REQUIRE(inputs({folder / "[ab].h5"}) == std::vector<std::string>{a, b});
  REQUIRE(inputs({folder / "[ab].h5:0.5"}) ==
          std::vector<std::string>{a + ":0.5", b + ":0.5"});
  REQUIRE(inputs({odd}) == std::vector<std::string>{odd});
  REQUIRE(inputs({"zero", "--files-from", list}) ==
          std::vector<std::string>{"zero", "one", "two *"});
  auto result = run_in_process(echo_tool(), {folder / "*.none"});
  REQUIRE(result.status == 4);
  REQUIRE_THAT(result.err, Contains("*.none: no file matches"));
  REQUIRE(
      run_in_process(echo_tool(), {"--files-from", folder / "none"}).status ==
      4);
  REQUIRE(run_in_process(echo_tool(), {"--files-from", folder / "."}).status ==
          4);
}

TEST_CASE("Standard input can be named only once") {
  const auto status = [](const std::vector<std::string>& arguments) {
    const auto result = run_in_process(echo_tool(), arguments);
    CHECK_THAT(result.err, Contains("can be read only once, but is named"));
    return result.status;
  };
  CHECK(status({"-", "a", "-"}) == 2);
  const ScratchDirectory folder;
  CHECK(status({"-", "--files-from", folder.write_file("list", "a\n-\n")}) ==
        2);
}

TEST_CASE("An input can be named only once, under any name") {
  const ScratchDirectory folder;
  const auto file = folder.write_file("a.h5", "");
  std::filesystem::create_symlink(file, folder / "link.h5");
  Tool tool = throwing_tool([] {});
  const auto status = [&tool](const std::vector<std::string>& operands) {
    return run_in_process(tool, operands).status;
  };
  CHECK(status({file, file}) == 0);
  tool.commands[0].operand_path = base::path_without_weight;
  CHECK(status({file, folder.write_file("b.h5", "")}) == 0);
  CHECK(status({"/dev/null", "/dev/null"}) == 0);
  CHECK(status({folder / "none", folder / "none"}) == 0);

  const auto twice = run_in_process(tool, {file, file + ":2"});
  CHECK(twice.status == 2);
  CHECK_THAT(twice.err,
             Contains(file + ":2: is the same input as " + file + ": "));
  CHECK(status({file, folder / "link.h5"}) == 2);
  CHECK(status({folder / "*.h5"}) == 2);
  CHECK(status({file, folder / "./a.h5"}) == 2);
  CHECK(status({"--files-from", folder.write_file("list", file + "\n"),
                file}) == 2);
  const auto same = run_in_process(tool, {file, file});
  CHECK(same.status == 2);
  CHECK_THAT(same.err, Contains(file + ": is given twice: "));
}

TEST_CASE("A choice is not an input, even if there is a file of its name") {
  const ScratchDirectory folder;
  folder.write_file("pad", "");
  folder.write_file("other", "");
  const auto previous = std::filesystem::current_path();
  std::filesystem::current_path(folder / ".");
  const Tool tool = throwing_tool([] {});
  const auto write = [&](const std::string& option, const std::string& value) {
    return run_in_process(tool, {"-o", value, "--force", option, value, "x"});
  };
  CHECK(write("--fill", "pad").status == 0);
  CHECK(write("--data", "other").status == 2);
  std::filesystem::current_path(previous);
}

TEST_CASE("Outputs are checked before the work starts") {
  const ScratchDirectory folder;
  const auto existing = folder.write_file("out", "");
  bool has_worked = false;
  Tool tool = throwing_tool([&] { has_worked = true; });
  REQUIRE(run_in_process(tool, {"-o", existing, "x"}).status == 2);
  REQUIRE(run_in_process(tool, {"-o", folder / "none/out", "x"}).status == 4);
  REQUIRE_FALSE(has_worked);
  REQUIRE(run_in_process(tool, {"-o", existing, "--force", "x"}).status == 0);
  REQUIRE(has_worked);
  for (const std::string& input : {existing, existing + ":0.5"}) {
    const auto result =
        run_in_process(tool, {"-o", existing, "--force", input});
    REQUIRE(result.status == 2);
    REQUIRE_THAT(result.err, Contains("is an input"));
  }
  // A colon that no weight follows is part of the name.
  REQUIRE(run_in_process(tool, {"-o", existing, "--force", existing + ":b"})
              .status == 0);
  tool.commands[0].allow_existing_output = true;
  REQUIRE(run_in_process(tool, {"-o", existing, "x"}).status == 0);
}

TEST_CASE("Each exception maps to its exit status") {
  REQUIRE(status_of([] { throw base::usage_error("u"); }) == 2);
  REQUIRE(status_of([] { throw base::input_error("i"); }) == 3);
  REQUIRE(status_of([] { throw base::io_error("o"); }) == 4);
  REQUIRE(status_of([] { throw base::run_error("r"); }) == 1);
  REQUIRE(status_of([] { throw std::bad_alloc(); }) == 1);
  REQUIRE(status_of([] { throw std::runtime_error("e"); }) == 1);
  REQUIRE(status_of([] { std::filesystem::create_directory("/none/x"); }) == 4);
  const auto json = run_in_process(
      throwing_tool([] { nlohmann::json(3).get<std::string>(); }), {"x"});
  REQUIRE(json.status == 3);
  REQUIRE(json.err ==
          "gato-try: error: invalid JSON: a value has the type number instead "
          "of string\n");
}

TEST_CASE("A signal stops work that polls, but not work that defers stopping") {
  const auto stop = [](int signal) {
    return status_of([signal] {
      base::Progress progress(nullptr, "work", "records");
      progress.advance();
      std::raise(signal);
      progress.advance();
    });
  };
  REQUIRE(stop(SIGINT) == 130);
  REQUIRE(stop(SIGTERM) == 143);
  const Tool saving = pack_tool([](CommandContext&) {
    const base::ScopedStopDeferral deferral;
    base::Progress progress(nullptr, "work", "steps");
    std::raise(SIGTERM);
    progress.advance();
    return base::received_stop_signal() == SIGTERM
               ? base::ExitStatus::stopped_early
               : base::ExitStatus::run_failed;
  });
  REQUIRE(run_in_process(saving, {"x"}).status == 75);
}

TEST_CASE("A failed write to stdout exits with 4") {
  const auto result = run_in_process(echo_tool(), {"x"}, "/dev/full");
  REQUIRE(result.status == 4);
  REQUIRE_THAT(result.err,
               Contains("cannot write to standard output: No space"));
  REQUIRE(run_in_process(echo_tool(), {"--help"}, "/dev/full").status == 4);
}

TEST_CASE("Values that are not UTF-8 are left out of dumped configurations") {
  const ScratchDirectory folder;
  const auto result = run_in_process(
      echo_tool(), {"--dump-config", "--length", "7", "--data", "a\xFF", "b"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  REQUIRE_THAT(result.out, Contains("length = 7\n") &&
                               Contains("# data is left out") &&
                               !Contains("\xFF"));
  REQUIRE(run_in_process(
              echo_tool(),
              {"x", "--config", folder.write_file("dump.toml", result.out)})
              .status == 0);
}

TEST_CASE("Control characters in messages are escaped") {
  const auto messages = [](const std::string& text) {
    const Tool tool =
        throwing_tool([&] { throw base::input_error("{}", text); });
    return run_in_process(tool, {"x"}).err;
  };
  REQUIRE(messages("a\nb\x1b[31m\tc: corrupt") ==
          "gato-try: error: a\\nb\\x1b[31m\\tc: corrupt\n");
  // A message may have indented lines of its own.
  REQUIRE(messages("it failed:\n  one\n  two\x07") ==
          "gato-try: error: it failed:\n  one\n  two\\x07\n");
}

TEST_CASE("Messages obey --log-level, --quiet and --log-file") {
  const ScratchDirectory folder;
  const Tool tool = throwing_tool([] { log_counts({{"read", 2}}); });
  REQUIRE(run_in_process(tool, {"x"}).err == "gato-try: counts: read 2\n");
  REQUIRE(run_in_process(tool, {"x", "--quiet"}).err.empty());
  REQUIRE(run_in_process(tool, {"x", "--log-level", "warning"}).err.empty());
  const std::string log = folder / "log";
  REQUIRE(run_in_process(tool, {"x y", "--quiet", "--log-file", log}).status ==
          0);
  std::ifstream file(log);
  std::string first, second;
  std::getline(file, first);
  std::getline(file, second);
  REQUIRE_THAT(first, Contains("gato-try 'x y' --quiet --log-file"));
  REQUIRE_THAT(second, Catch::EndsWith("gato-try: counts: read 2"));
  REQUIRE(run_in_process(tool, {"x", "--log-file", folder / "."}).status == 4);
}

TEST_CASE("A program with subcommands runs and documents each of them") {
  Tool tool = echo_tool();
  tool.commands[0].name = "text";
  tool.commands.push_back(tool.commands[0]);
  tool.commands[1].name = "captions";
  REQUIRE_THAT(run_in_process(tool, {"--help"}).out, Contains("captions"));
  REQUIRE_THAT(run_in_process(tool, {"text", "--help"}).out,
               Contains("Usage: gato-try text [OPTION]..."));
  REQUIRE(run_in_process(tool, {"--version"}).status == 0);
  REQUIRE(run_in_process(tool, {"text", "x"}).status == 0);
  auto result = run_in_process(tool, {"caption", "x"});
  REQUIRE(result.status == 2);
  REQUIRE_THAT(result.err, Contains("did you mean 'captions'?"));
  REQUIRE(run_in_process(tool, {}).status == 2);
  result = run_in_process(tool, {"text", "--bogus", "x"});
  REQUIRE_THAT(result.err, Contains("Try 'gato-try text --help'."));
}

TEST_CASE("--config takes one file per occurrence, and no operands") {
  const ScratchDirectory folder;
  const auto first = folder.write_file("first.toml", "length = 100\n");
  const auto second = folder.write_file("second.toml", "length = 200\n");
  const auto json = configuration({"--config", first, "--config", second, "x"});
  REQUIRE(json["length"] == 200);
  REQUIRE(json["inputs"] == nlohmann::json({"x"}));
}

TEST_CASE("Base configuration files supply the values that were not given") {
  ScratchDirectory folder;
  const std::string preset = folder.write_file(
      "small.toml", "length = 64\nfill = \"pad\"\nrate = 0.5\n");
  const std::string config = folder.write_file("mine.toml", "rate = 0.25\n");
  Tool tool = echo_tool();
  tool.commands[0].build = [build = tool.commands[0].build,
                            preset](OptionTable& table) {
    table.set_base_config_files([&table, preset] {
      // The given values have already been assigned.
      const auto* length = std::get<int64_t*>(table.find("length")->target);
      return *length == 7 ? std::vector<std::string>{}
                          : std::vector<std::string>{preset};
    });
    return build(table);
  };
  const auto read = [&](std::vector<std::string> arguments) {
    arguments.push_back("a.h5");
    const auto result = run_in_process(tool, arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out);
  };
  const auto json = read({"--config", config, "--fill", "same-task"});
  CHECK(json["length"] == 64);
  CHECK(json["rate"] == 0.25);
  CHECK(json["fill"] == "same-task");
  CHECK(read({"--length", "7"})["rate"].is_null());
}

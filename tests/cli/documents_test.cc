#include <catch2/catch.hpp>
#include <memory>

#include "cli/run_in_process.h"
#include "gato/cli/tool.h"

using namespace gato;
using namespace gato::cli;
using Catch::Contains;
using gato::test::run_in_process;

namespace {

Tool two_commands() {
  Command text;
  text.name = "text";
  text.summary = "Tokenize text";
  text.description = "Reads files.\n\n  as they are\n\n.Then more.";
  text.operands = "INPUT...";
  text.examples = {{"gato-try text 'a b'", "Tokenize a file"}};
  text.build = [](OptionTable& table) -> CommandFunction {
    auto mode = std::make_shared<std::string>("plain");
    table.add("mode", mode.get(), "How").one_of({"plain", "lines"});
    auto name = std::make_shared<std::string>();
    table.add("name", name.get(), "Which").metavar("NAME");
    return [mode, name](CommandContext&) { return base::ExitStatus::success; };
  };
  Command other = text;
  other.name = "captions";
  return {"gato-try", "try things", "", {text, other}, {"gato(7)"}};
}

}  // namespace

TEST_CASE(
    "The man page has all sections, and text cannot become a roff request") {
  const auto result = run_in_process(two_commands(), {"--generate-man"});
  REQUIRE(result.status == 0);
  for (const char* part :
       {".TH GATO-TRY 1 ", ".SH SYNOPSIS\n.B gato\\-try text\n[OPTION]",
        ".SS text\n", ".SS captions\n", "\n.B \\-\\-mode \\fITEXT\\fR\n",
        "(plain, lines; default: plain)", ".SH EXIT STATUS\n.TP\n.B 0\n",
        ".EX\ngato\\-try text \\(aqa b\\(aq\n.EE", ".SH SEE ALSO\n.BR gato (7)",
        "\n\\&.Then more."}) {
    INFO(part);
    REQUIRE_THAT(result.out, Contains(part));
  }
}

TEST_CASE("The completion lists commands, options, choices and known values") {
  Tool tool = two_commands();
  tool.completions["name"] = [] {
    return std::vector<std::string>{"a/b", "c"};
  };
  const auto result = run_in_process(tool, {"--generate-completion"});
  REQUIRE(result.status == 0);
  for (const char* part :
       {"compgen -W 'text captions --help --version'", "    text)\n", "--mode",
        "--mode) words='plain lines'", "--name) words='a/b c'",
        "complete -o default -F _gato_try gato-try"}) {
    INFO(part);
    REQUIRE_THAT(result.out, Contains(part));
  }
}

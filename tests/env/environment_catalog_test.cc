#include "gato/env/environment_catalog.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gato/base/error.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::env;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

constexpr const char* kCommand =
    "command = \"exec {python} " GATO_SOURCE_DIR
    "/tests/env/children/child.py --task {task} {options}\"\n";

// A folder with descriptions of domains, which hides those of the user.
class DescriptionFolder {
 public:
  DescriptionFolder() {
    setenv("XDG_CONFIG_HOME", (directory_.path() / "none").c_str(), 1);
    setenv("GATO_ENVIRONMENTS", (directory_.path() / "python").c_str(), 1);
  }
  ~DescriptionFolder() {
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("GATO_ENVIRONMENTS");
  }
  std::string path() const { return directory_.path().string(); }
  void write(const std::string& domain, const std::string& text) const {
    std::ofstream(directory_.path() / (domain + ".toml")) << text;
  }
  EnvironmentCatalog catalog(
      std::map<std::string, std::string> domain_options = {}) const {
    return EnvironmentCatalog({{path()}, std::move(domain_options), {}});
  }

 private:
  base::TemporaryDirectory directory_{"gato-test"};
};

// Returns the message of the usage error that resolve() throws.
std::string resolve_error(const EnvironmentCatalog& catalog,
                          const std::vector<std::string>& names) {
  try {
    catalog.resolve(names);
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::usage);
    return error.what();
  }
  return "";
}

std::string toys(const std::string& more = "tasks = [\"count\", \"sum\"]\n") {
  return std::string("domain = \"toys\"\n") + kCommand + more;
}

}  // namespace

TEST_CASE("Environments of a domain are listed and played by name") {
  const DescriptionFolder folder;
  folder.write("toys", toys("tasks = [\"count\", \"sum\"]\n"
                            "description = \"counts\"\n"
                            "[options]\nlevel = 3\nmode = \"easy one\"\n"
                            "fast = true\nnothing = \"\"\n"));
  const EnvironmentCatalog catalog = folder.catalog({{"level", "5"}});
  bool is_listed = false;
  for (const EnvironmentEntry& entry : catalog.list()) {
    is_listed |= entry.name == "toys/sum" && entry.description == "counts" &&
                 !entry.is_built_in;
  }
  REQUIRE(is_listed);
  REQUIRE(catalog.resolve({"toys/sum"}) ==
          std::vector<std::string>{"toys/sum"});
  const auto environment = catalog.make("toys/sum");
  const data::TaskSpec& task = environment->spec().task;
  REQUIRE(task.name == "toys/sum");
  REQUIRE(task.domain == "toys");
  REQUIRE(task.environment == "toys/sum");
  REQUIRE(task.settings["arguments"] ==
          "--task sum --fast true --level 5 --mode easy one");
  REQUIRE(task.settings["options"]["level"] == "5");
  REQUIRE(task.settings["options"]["mode"] == "easy one");
  REQUIRE_THAT(task.settings["command"].get<std::string>(),
               Contains("--task sum"));
  REQUIRE_NOTHROW(environment->reset(1));
}

TEST_CASE("A pattern selects all environments that match it") {
  const DescriptionFolder folder;
  folder.write("toys", toys());
  const EnvironmentCatalog catalog = folder.catalog();
  REQUIRE(catalog.resolve({"toys/sum", "toys/*"}) ==
          std::vector<std::string>{"toys/sum", "toys/count"});
  REQUIRE(catalog.resolve({"arcade/cat?h"}) ==
          std::vector<std::string>{"arcade/catch"});
  REQUIRE(catalog.resolve({"*/cartpole-swingup"}) ==
          std::vector<std::string>{"control/cartpole-swingup"});
  REQUIRE_THAT(resolve_error(catalog, {"toys/x*"}),
               Contains("no environment matches 'toys/x*'"));
}

TEST_CASE("A name that no domain has is an error with the nearest name") {
  const DescriptionFolder folder;
  folder.write("toys", toys());
  const EnvironmentCatalog catalog = folder.catalog();
  REQUIRE_THAT(resolve_error(catalog, {"toys/cuont"}),
               Contains("did you mean 'toys/count'?"));
  REQUIRE_THAT(resolve_error(catalog, {"tois/count"}),
               Contains("did you mean 'toys/count'?"));
  REQUIRE_THAT(resolve_error(catalog, {"arcade/cach"}),
               Contains("did you mean 'arcade/catch'?"));
  REQUIRE_THAT(resolve_error(catalog, {"toys"}), Contains("'toys/*'"));
  REQUIRE_THAT(resolve_error(catalog, {"arcade"}), Contains("'arcade/*'"));
}

TEST_CASE("A domain that is not installed says how to install it") {
  const DescriptionFolder folder;
  folder.write("toys", toys("tasks = [\"count\"]\n"
                            "requirements = [\"toys==1.0\"]\n"));
  const EnvironmentCatalog catalog = folder.catalog();
  for (const char* name : {"toys/count", "toys/*", "toys/unknown"}) {
    REQUIRE_THAT(resolve_error(catalog, {name}),
                 Contains("not installed in " + folder.path() +
                          "/python/toys: run scripts/environments toys"));
  }
  const std::vector<ExternalDomain> uninstalled = catalog.uninstalled_domains();
  REQUIRE(std::ranges::any_of(uninstalled, [](const ExternalDomain& domain) {
    return domain.name == "toys";
  }));
  for (const EnvironmentEntry& entry : catalog.list()) {
    REQUIRE_FALSE(entry.name.starts_with("toys/"));
  }
}

TEST_CASE("A tasks-command prints the tasks of its domain") {
  const DescriptionFolder folder;
  folder.write("toys", toys("tasks-command = \"printf 'a\\\\nb\\\\n'\"\n"));
  REQUIRE(folder.catalog().resolve({"toys/*"}) ==
          std::vector<std::string>{"toys/a", "toys/b"});
  for (const char* broken : {"exit 3", "true"}) {
    folder.write("toys",
                 toys(std::string("tasks-command = \"") + broken + "\"\n"));
    const EnvironmentCatalog catalog = folder.catalog();
    REQUIRE_THROWS_AS(catalog.resolve({"toys/*"}), base::Error);
  }
}

TEST_CASE("A description names files next to it by {directory}") {
  const DescriptionFolder folder;
  const fs::path directory = fs::path(folder.path()) / "two words";
  fs::create_directory(directory);
  fs::create_symlink(GATO_SOURCE_DIR "/tests/env/children/child.py",
                     directory / "child.py");
  std::ofstream(directory / "names") << "count\nsum\n";
  std::ofstream(directory / "toys.toml")
      << "domain = \"toys\"\n"
         "command = \"exec {python} {directory}/child.py --task {task}\"\n"
         "tasks-command = \"cat {directory}/names\"\n";
  for (const fs::path& path : {directory, fs::relative(directory)}) {
    const EnvironmentCatalog catalog({{path.string()}, {}, {}});
    REQUIRE(catalog.resolve({"toys/*"}) ==
            std::vector<std::string>{"toys/count", "toys/sum"});
    const nlohmann::json settings =
        catalog.make("toys/sum")->spec().task.settings;
    REQUIRE(settings.at("arguments") == "--task sum");
    REQUIRE_THAT(settings.at("command").get<std::string>(),
                 Contains("python3 '/"));
  }
}

TEST_CASE("An option that no domain of the run has is an error") {
  const DescriptionFolder folder;
  folder.write("toys", toys("tasks = [\"count\"]\n[options]\nlevel = 3\n"));
  const EnvironmentCatalog catalog = folder.catalog({{"levle", "5"}});
  REQUIRE_THAT(
      resolve_error(catalog, {"toys/count"}),
      Contains("--env-option levle=5") && Contains("did you mean 'level'?"));
  REQUIRE_THAT(resolve_error(catalog, {"arcade/catch"}),
               Contains("--env-option levle=5"));
}

TEST_CASE("A wrong description of a domain is refused with file and key") {
  const DescriptionFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"domain = 3\n", "domain"},
      {toys("tasks = \"count\"\n"), "tasks"},
      {toys("tasks = [1]\n"), "tasks"},
      {toys("tasks = []\n"), "'tasks': the list is empty"},
      {toys("taks = [\"count\"]\n"), "did you mean 'tasks'?"},
      {toys(""), "tasks-command"},
      {toys("tasks = [\"a\"]\ntasks-command = \"b\"\n"), "tasks-command"},
      {"domain = \"toys\"\ncommand = \"x\"\ntasks = [\"a\"]\n", "{task}"},
      {"domain = \"other\"\n" + std::string(kCommand) + "tasks = [\"a\"]\n",
       "rename the file to other.toml"},
      {"domain = \"toys\"\ncommand = \"x {taks} {task}\"\ntasks = [\"a\"]\n",
       "contains {taks}; did you mean {task}?"},
      {toys("tasks = [\"a\"]\n[options]\nlevel = [1]\n"), "level"},
      {toys("tasks = [\"a\"]\noptions = 3\n"), "options"},
      {"not toml", "line 1"}};
  for (const auto& [text, expected] : cases) {
    folder.write("toys", text);
    CAPTURE(text);
    REQUIRE_THAT(resolve_error(folder.catalog(), {"toys/count"}),
                 Contains(folder.path() + "/toys.toml") && Contains(expected));
  }
  fs::rename(folder.path() + "/toys.toml", folder.path() + "/grid.toml");
  folder.write("grid", "domain = \"grid\"\n" + std::string(kCommand) +
                           "tasks = [\"a\"]\n");
  for (const char* name : {"toys/count", "grid/goto", "grid/*"}) {
    REQUIRE_THAT(resolve_error(folder.catalog(), {name}),
                 Contains("/grid.toml: the domain 'grid' is built in"));
  }
  REQUIRE(folder.catalog().resolve({"arcade/catch"}) ==
          std::vector<std::string>{"arcade/catch"});
}

TEST_CASE("The first description of a domain counts") {
  const DescriptionFolder first, second;
  first.write("toys", toys("tasks = [\"one\"]\n"));
  second.write("toys", toys("tasks = [\"two\"]\n"));
  const EnvironmentCatalog catalog({{first.path(), second.path()}, {}, {}});
  REQUIRE(catalog.resolve({"toys/*"}) == std::vector<std::string>{"toys/one"});
  REQUIRE_THROWS_AS(EnvironmentCatalog({{first.path() + "/none"}, {}, {}}),
                    base::Error);
}

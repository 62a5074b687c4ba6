#include "gato/pack/mixture.h"

#include <catch2/catch.hpp>

#include "data/sample_documents.h"
#include "gato/base/file_io.h"

using namespace gato;
using namespace gato::pack;
using namespace gato::test;

TEST_CASE("The text after the last colon of an operand is its weight") {
  const TestDirectory folder;
  for (const char* name : {"a.h5", "b:2", "c:d.h5"}) {
    base::write_file(folder / name, "", false);
  }
  const auto parse = [&](const std::string& operand) {
    return parse_mixture_operand((folder / operand).string(), {});
  };
  REQUIRE(parse("a.h5").weight == 1);
  REQUIRE(parse("a.h5:2.5").weight == 2.5);
  REQUIRE(parse("a.h5:2.5").files.at(0) == folder / "a.h5");
  REQUIRE(parse("b:2").weight == 1);  // is a file
  REQUIRE(parse("c:d.h5:3").weight == 3);
  REQUIRE(parse("?.h5:3").files.at(0) == folder / "a.h5");
  for (const char* operand : {"a.h5:0", "a.h5:-1", "a.h5:nan", "a.h5:two"}) {
    REQUIRE(thrown_error([&] { parse(operand); }).status() ==
            base::ExitStatus::usage);
  }
  REQUIRE(thrown_error([&] { parse("e.h5"); }).status() ==
          base::ExitStatus::io);
  REQUIRE(thrown_error([&] { parse("e.h5:2"); }).status() ==
          base::ExitStatus::io);
}

TEST_CASE("A mixture file sets the weight and options of each source") {
  const TestDirectory folder;
  for (const char* name : {"a-0.h5", "a-1.h5", "b.h5"}) {
    base::write_file(folder / name, "", false);
  }
  const auto read = [&](const std::string& text) {
    MixtureEntry defaults;
    defaults.prompt_fraction = 0.1;
    return parse_mixture(text, folder / "mixture.toml", defaults);
  };
  const std::string a = "[[mixture]]\nfile = '" + (folder / "a-*.h5").string();
  const std::string b = "[[mixture]]\nfile = '" + (folder / "b.h5").string();
  const auto mixture = read(a + "'\nweight = 2\nprompt_fraction = 0.5\n" + b +
                            "'\nfill = 'pad'");
  REQUIRE(mixture.size() == 2);
  REQUIRE(mixture[0].files.size() == 2);
  REQUIRE(mixture[0].weight == 2);
  REQUIRE(mixture[0].prompt_fraction == 0.5);
  REQUIRE(mixture[0].fill == Fill::same_task);
  REQUIRE(mixture[1].weight == 1);
  REQUIRE(mixture[1].prompt_fraction == 0.1);
  REQUIRE(mixture[1].fill == Fill::pad);

  const auto pairs =
      read(b + "'\ndocuments_per_sequence = 5\nresize = '64x80'");
  REQUIRE(pairs[0].documents_per_sequence == 5);
  REQUIRE(pairs[0].resize.height == 64);
  REQUIRE(pairs[0].resize.width == 80);
  REQUIRE(mixture[0].documents_per_sequence == 0);
  REQUIRE(mixture[0].resize.height == 0);

  for (const std::string& wrong :
       {b + "'\ndocuments-per-sequence = 0\n",
        b + "'\ndocuments-per-sequence = 257\n",
        b + "'\ndocuments-per-sequence = 1.5\n",
        b + "'\ndocuments-per-sequence = 5\nfill = 'pad'\n",
        b + "'\nprompt-fraction = 0.5\nprompt_fraction = 0.25\n",
        b + "'\nresize = 64\n", b + "'\nresize = '64'\n",
        std::string("[[mixture]\n"), std::string("x = 1\n"), std::string(),
        std::string("[[mixture]]\nweight = 1\n"), b + "'\nweight = 0\n",
        b + "'\nweight = 'much'\n", b + "'\nweight = [1]\n",
        b + "'\nweight = true\n", b + "'\ndocuments-per-sequence = 5.0\n",
        b + "'\nprompt-fraction = 2\n", b + "'\nfill = 'full'\n",
        std::string("mixture = [1]\n")}) {
    REQUIRE(thrown_error([&] { read(wrong); }).status() ==
            base::ExitStatus::usage);
  }
  REQUIRE(thrown_error([&] {
            read("[[mixture]]\nfile = '" + (folder / "c.h5").string() + "'\n");
          }).status() == base::ExitStatus::io);
  const base::Error text = thrown_error([&] { read(b + "'\nweight = '2'\n"); });
  REQUIRE(
      std::string(text.what()).find("key 'weight' must be a number, not '2'") !=
      std::string::npos);
  const base::Error unknown =
      thrown_error([&] { read(b + "'\nwieght = 2\n"); });
  REQUIRE(std::string(unknown.what()).find("did you mean 'weight'") !=
          std::string::npos);
}

TEST_CASE("The mixture of the paper has the weights of its Table 1") {
  const TestDirectory folder;
  const std::filesystem::path paper =
      GATO_SOURCE_DIR "/share/gato/mixtures/paper.toml";
  // Every glob needs a file that matches it.
  const std::string text = base::read_file(paper);
  for (size_t at = 0; (at = text.find("tokens/", at)) != std::string::npos;) {
    const size_t end = text.find("/*.h5", at);
    if (text.find('\n', at) < end || text.find(',', at) < end) {
      ++at;
      continue;
    }
    const auto directory = folder / text.substr(at, end - at);
    std::filesystem::create_directories(directory);
    base::write_file(directory / "0.h5", "", true);
    at = end;
  }
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const std::vector<MixtureEntry> mixture =
      parse_mixture(base::read_file(paper), paper, {});
  std::filesystem::current_path(before);

  REQUIRE(mixture.size() == 24);
  double control = 0, language = 0;
  for (size_t i = 0; i < mixture.size(); ++i) {
    (i < 16 ? control : language) += mixture[i].weight;
    REQUIRE(mixture[i].prompt_fraction == 0.25);
    REQUIRE(mixture[i].files.size() == 1);
    // The pairs of images and texts are the last entries.
    REQUIRE(mixture[i].documents_per_sequence == (i < 18 ? 0 : 5));
  }
  // The sums of the rows; the sums in the table itself are rounded differently.
  REQUIRE(control == Approx(85.21));
  REQUIRE(language == Approx(14.72));
}

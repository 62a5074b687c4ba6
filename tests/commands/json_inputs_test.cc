// Every JSON input of the programs that do not need the network, with a wrong
// type in every value. tests/commands/model_json_test.cc has those of models
// and training runs, and toml_inputs_test.cc those in TOML.
#include <hdf5.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <sstream>

#include "cli/json_mutations.h"
#include "commands/run_info.h"
#include "data/sample_documents.h"
#include "gato/base/file_io.h"
#include "gato/commands/eval/eval_score.h"
#include "gato/commands/pack.h"
#include "gato/commands/tokenize/tokenize.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/lenient_json.h"
#include "gato/data/recording_file.h"
#include "ingest/read_records.h"

using namespace gato;
using namespace gato::commands;
using namespace gato::test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

const std::string samples = GATO_SOURCE_DIR "/tests/samples/";

RunResult run_score(std::vector<std::string> arguments) {
  return run_command("gato-eval", eval_score_command(), std::move(arguments));
}

RunResult run_gato_pack(std::vector<std::string> arguments) {
  return run_command("gato-pack", pack_command(), std::move(arguments));
}

struct Fixture {
  ScratchDirectory folder;
  std::string output = folder / "out.h5";

  // Runs gato-tokenize COMMAND.
  RunResult tokenize(const std::string& command,
                     std::vector<std::string> arguments) {
    arguments.insert(
        arguments.begin(),
        {command, "--text-model", GATO_SOURCE_DIR "/tests/reference/text.model",
         "--discrete", "separate", "--force", "--quiet", "-o", output});
    return run_in_process(tokenize_tool(), arguments);
  }

  void check(const json& valid, const std::string& name,
             const std::function<RunResult()>& run,
             bool contains_paths = false) const {
    check_input_types(folder, valid, name, run, contains_paths);
  }
};

// Returns the first line of a file as JSON.
json first_json_line(const std::string& path) {
  std::istringstream text(base::read_file(path));
  std::string line;
  std::getline(text, line);
  return json::parse(line);
}

// Replaces the scalar text `name` in an HDF5 file.
void replace_hdf5_text(const std::string& path, const std::string& name,
                       const std::string& text) {
  const data::hdf5::Handle file(
      H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  data::hdf5::Group root(
      data::hdf5::Handle(H5Gopen(file.id(), "/", H5P_DEFAULT)), path);
  H5Ldelete(root.id(), name.c_str(), H5P_DEFAULT);
  root.write_text(name, text);
}

// Replaces the text attribute `name` of a group in an HDF5 file.
void replace_hdf5_attribute(const std::string& path, const std::string& group,
                            const std::string& name, const std::string& text) {
  const data::hdf5::Handle file(
      H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  data::hdf5::Group owner(
      data::hdf5::Handle(H5Gopen(file.id(), group.c_str(), H5P_DEFAULT)),
      group);
  H5Adelete(owner.id(), name.c_str());
  owner.set_attribute(name, text);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "References of wrong types are refused by name") {
  const json reference = {{"mean", 2}, {"std", 1.5}, {"n", 3}};
  check(
      {{"CartPole-v1",
        {{"random", reference},
         {"expert", {{"mean", 22}}},
         {"human", {{"mean", 9.5}}},
         {"source", "a book"}}}},
      "references.json", [&] {
        return run_score({samples + "minari/cartpole", "--quiet", "--resamples",
                          "1", "--references", folder / "references.json"});
      });
}

TEST_CASE_METHOD(Fixture, "The JSON of an HTML report may have wrong types") {
  const auto run = [&](const std::string& option, const std::string& file) {
    return run_score({samples + "minari/cartpole", "--quiet", "--resamples",
                      "1", option, folder / file, "-o", folder / "report.html",
                      "--force"});
  };
  check({{"step", 3}, {"loss", 1.5}, {"modality", {{"text", 2}}}},
        "metrics.jsonl", [&] { return run("--training", "metrics.jsonl"); });
  check(json::parse(R"({"kind": "gato-few-shot", "version": 1,
            "oldest_version": 1, "task": "x/a", "metric": "return",
            "unit": "score", "random": 0, "expert": 4, "seed": 0,
            "resamples": 9, "curves": [{"name": "a", "points": [
              {"episodes": 1, "repeat": 1, "steps": 9, "return": 2,
               "score": 50, "returns": [2, null]}], "summary": [
              {"episodes": 1, "runs": 1, "mean": 50, "low": 4, "high": 6}]}]})"),
        "curves.json", [&] { return run("--few-shot", "curves.json"); });
  check(
      {{"image", samples + "images/rgb.png"}, {"caption", "a star"}},
      "captions.jsonl", [&] { return run("--captions", "captions.jsonl"); },
      /*contains_paths=*/true);
}

TEST_CASE_METHOD(Fixture, "COCO captions of wrong types are refused by name") {
  fs::copy_file(samples + "images/rgb.png", folder / "red.png");
  check(
      {{"images", {{{"id", 1}, {"file_name", "red.png"}}}},
       {"annotations", {{{"id", 10}, {"image_id", 1}, {"caption", "a star"}}}},
       {"info", {{"year", 2017}}}},
      "captions.json",
      [&] { return tokenize("captions", {folder / "captions.json"}); },
      /*contains_paths=*/true);
}

TEST_CASE_METHOD(Fixture, "VQA files of wrong types are refused by name") {
  const json questions =
      json::parse(base::read_file(samples + "vqa/questions.json"));
  json annotations =
      json::parse(base::read_file(samples + "vqa/annotations.json"));
  const auto run = [&](const std::string& questions_path,
                       const std::string& annotations_path) {
    return tokenize("vqa", {"--image-root", samples + "vqa", "--questions",
                            questions_path, "--annotations", annotations_path});
  };
  check(
      questions, "questions.json",
      [&] {
        return run(folder / "questions.json", samples + "vqa/annotations.json");
      },
      /*contains_paths=*/true);
  check(annotations, "annotations.json", [&] {
    return run(samples + "vqa/questions.json", folder / "annotations.json");
  });
  for (json& annotation : annotations["annotations"]) {
    annotation.erase("multiple_choice_answer");
  }
  check(annotations, "annotations.json", [&] {
    return run(samples + "vqa/questions.json", folder / "annotations.json");
  });
}

TEST_CASE_METHOD(Fixture, "The JSON of a WebDataset may have wrong types") {
  // As img2dataset writes it. Only the caption is read.
  const json sample = {
      {"caption", "a star"}, {"url", "http://x.org/a"},  {"key", "000000000"},
      {"status", "success"}, {"error_message", nullptr}, {"width", 8},
      {"exif", "{}"},        {"similarity", 0.25}};
  const std::string image = base::read_file(samples + "images/rgb.png");
  const auto tokenize_shard = [&](const json& value) {
    folder.write_file("shard.tar", tar_member("0.png", image) +
                                       tar_member("0.json", value.dump()) +
                                       std::string(1024, '\0'));
    return tokenize("captions", {folder / "shard.tar"});
  };
  REQUIRE(tokenize_shard(sample).status == 0);
  for_each_mutation(
      sample, [&](const json& mutated, const std::string& description) {
        require_own_message(tokenize_shard(mutated), "shard.tar", description);
      });
  // Beside the images, the URL and the caption are read, if there is a key.
  fs::create_directories(folder / "images/00000");
  folder.write_file("images/00000/000000000.png", image);
  folder.write_file("a.tsv", "a star\thttp://x.org/a\n");
  const std::string name = "images/00000/000000000.json";
  for_each_mutation(
      sample, [&](const json& mutated, const std::string& description) {
        folder.write_file(name, mutated.dump());
        const RunResult result = tokenize(
            "captions", {"--image-root", folder / "images", "--image-name",
                         "{shard:05}/{row:09}.png", folder / "a.tsv"});
        require_own_message(result, "a.tsv", description);
      });
}

TEST_CASE_METHOD(Fixture,
                 "Lines and pages of wrong types are refused by name") {
  check({{"text", "a star"}, {"url", "x"}}, "lines.jsonl",
        [&] { return tokenize("text", {folder / "lines.jsonl"}); });
  for (const char* format : {"gato", "mmc4", "obelics"}) {
    json page = first_json_line(samples + "interleaved/" + format + ".jsonl");
    page.erase("similarity_matrix");
    check(
        page, "pages.jsonl",
        [&] {
          return tokenize("interleaved",
                          {"--image-root", samples + "interleaved",
                           folder / "pages.jsonl"});
        },
        /*contains_paths=*/true);
  }
}

TEST_CASE_METHOD(Fixture, "Minari metadata of wrong types is refused by name") {
  fs::create_directories(folder / "set/data");
  fs::copy_file(samples + "minari/spaces/data/main_data.hdf5",
                folder / "set/data/main_data.hdf5");
  const json metadata = data::parse_lenient_json(
      base::read_file(samples + "minari/spaces/data/metadata.json"));
  const auto run = [&] { return run_info({folder / "set"}); };
  const std::string name = "set/data/metadata.json";
  // A count that contradicts the data is an error of main_data.hdf5.
  for_each_mutation(metadata,
                    [&](const json& mutated, const std::string& description) {
                      folder.write_file(name, mutated.dump());
                      require_own_message(run(), "set/data/", description);
                    });
  // These texts contain JSON themselves. Infinities are strings that begin with
  // NUL here, and are read as such, too.
  for (const char* key : {"observation_space", "action_space"}) {
    const json inner =
        data::parse_lenient_json(metadata.at(key).get<std::string>());
    for_each_mutation(
        inner, [&](const json& mutated, const std::string& description) {
          json outer = metadata;
          outer[key] = mutated.dump();
          folder.write_file(name, outer.dump());
          require_own_message(run(), "set", key + (": " + description));
        });
  }
}

TEST_CASE_METHOD(Fixture, "The JSON of a robomimic file is refused by name") {
  const std::string path = folder / "demo.hdf5";
  fs::copy_file(samples + "robomimic/image.hdf5", path);
  const auto read = [&path] {
    return data::hdf5::open_file(path).group("data").text_attribute("env_args");
  };
  const json valid = json::parse(read().value());
  for_each_mutation(valid, [&](const json& mutated,
                               const std::string& description) {
    replace_hdf5_attribute(path, "data", "env_args", mutated.dump());
    REQUIRE(read() == mutated.dump());
    require_own_message(tokenize("episodes", {path}), "demo.hdf5", description);
  });
  replace_hdf5_attribute(path, "data", "env_args", "not JSON");
  require_own_message(tokenize("episodes", {path}), "demo.hdf5", "no JSON");
}

TEST_CASE_METHOD(Fixture, "The JSON of a recording is refused by name") {
  const json reference = {{"argv", {"gato-rollout", "control", "-o", "x"}},
                          {"configuration", {{"episodes", 3}, {"shard", ""}}},
                          {"inputs", json::array()},
                          {"tasks", {{{"name", "arcade/catch"}}}}};
  const auto info = [&](const json& start) {
    folder.write_file("x.partial", data::recording_first_line(start));
    return run_info({folder / "x.partial"});
  };
  const RunResult unchanged = info(reference);
  REQUIRE(unchanged.status == 3);  // because it is unfinished
  REQUIRE(unchanged.out.find("arcade/catch") != std::string::npos);
  REQUIRE(unchanged.err.find("gato-rollout control -o x --resume") !=
          std::string::npos);
  for_each_mutation(
      reference, [&](const json& mutated, const std::string& description) {
        require_own_message(info(mutated), "x.partial", description);
      });
}

TEST_CASE_METHOD(Fixture, "Metadata of HDF5 files is refused by name") {
  const std::string path = folder / "tokens.h5";
  for (const char* name : {"tasks", "provenance"}) {
    write_small_token_file(path);
    const json valid = json::parse(data::hdf5::open_file(path).read_text(name));
    for_each_mutation(valid, [&](const json& mutated,
                                 const std::string& description) {
      replace_hdf5_text(path, name, mutated.dump());
      const std::string what = name + (": " + description);
      require_own_message(run_info({"--provenance", path}), "tokens.h5", what);
      require_own_message(
          run_gato_pack({path, "--length", "64", "--sequences", "2", "--force",
                         "--quiet", "-o", output}),
          "tokens.h5", what);
    });
  }
}

TEST_CASE_METHOD(Fixture,
                 "gato-info refuses wrong types in model directories") {
  const auto run = [&] { return run_info({"--json", folder / "model"}); };
  fs::create_directories(folder / "model");
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],)"
                             R"("data_offsets":[0,4]}})";
  const auto write_weights = [&](const std::string& text) {
    const uint64_t length = text.size();
    std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
    folder.write_file("model/model.safetensors",
                      bytes + text + std::string(4, '\0'));
  };
  write_weights(header);
  const json vocabulary = small_vocabulary().to_json();
  const json config = {{"kind", "gato-model"},
                       {"version", 1},
                       {"oldest_version", 1},
                       {"layers", 2},
                       {"position", "rotary"},
                       {"vocabulary", vocabulary},
                       {"tasks", small_tasks().to_json().at("tasks")},
                       {"sources", {"x"}}};
  folder.write_file("model/config.json", config.dump());
  const json manifest = {{"kind", "gato-manifest"},
                         {"version", 1},
                         {"oldest_version", 1},
                         {"files", {{"absent", {{"size", 1}}}}}};
  for_each_mutation(
      manifest, [&](const json& mutated, const std::string& description) {
        folder.write_file("model/MANIFEST.json", mutated.dump());
        require_own_message(run(), "model", "MANIFEST.json: " + description);
      });
  fs::remove(folder / "model/MANIFEST.json");
  const auto check_any = [&](const json& valid, const std::string& name) {
    for_each_mutation(
        valid, [&](const json& mutated, const std::string& description) {
          folder.write_file(name, mutated.dump());
          require_own_message(run(), "model", name + ": " + description);
          require_own_message(run_info({folder / name}), name,
                              name + ": " + description);
        });
    folder.write_file(name, valid.dump());
  };
  check_any(config, "model/config.json");
  check_any({{"kind", "gato-training"},
             {"version", 1},
             {"oldest_version", 1},
             {"step", 3},
             {"provenance", {{"program", "gato-train"}}}},
            "model/state.json");
  for_each_mutation(json::parse(header), [&](const json& mutated,
                                             const std::string& description) {
    write_weights(mutated.dump());
    require_own_message(run(), "model.safetensors", "header: " + description);
  });
}

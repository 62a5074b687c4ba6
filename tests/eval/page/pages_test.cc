// The pages of gato-info --html: they are well formed, need no network and
// contain what they promise. How they look is not tested.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/count_occurrences.h"
#include "data/sample_documents.h"
#include "eval/check/episodes_in_memory.h"
#include "eval/page/html_checker.h"
#include "gato/eval/page/bin_embedding.h"
#include "gato/eval/page/data_url.h"
#include "gato/eval/page/dataset_page.h"
#include "gato/eval/page/run_page.h"
#include "gato/eval/page/token_page.h"
#include "gato/eval/page/token_stream.h"
#include "gato/eval/page/view_page.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/tokenize/mu_law.h"

using namespace gato;
using namespace gato::eval;
using namespace gato::test;
using Catch::Contains;

namespace {

// Returns a dataset with images and texts that try to leave their element.
EpisodesInMemory dataset_with_media() {
  EpisodesInMemory source = sound_dataset();
  source.task.name = "<b>\"task\"</b>";
  add_observation(
      source,
      make_field("camera", data::Role::image, data::DType::uint8, {16, 32, 3}),
      [](int64_t e, int64_t rows) {
        return make_column(
            data::DType::uint8, rows, {16, 32, 3}, [e](int64_t t, int64_t i) {
              return static_cast<double>((9 * t + e + i * i) % 251);
            });
      });
  add_observation(
      source, make_field("mission", data::Role::text, data::DType::uint8, {}),
      [](int64_t, int64_t rows) {
        return std::vector<std::string>(static_cast<size_t>(rows),
                                        "</script><img src=x> \xff");
      });
  return source;
}

std::string dataset_page(EpisodesInMemory source, int64_t max_bytes) {
  return view_page(
      "a & b", "it's \"x\"",
      dataset_sections(source, {{Severity::error, "nan", "<k>", "m&m", 3}},
                       max_bytes, nullptr));
}

}  // namespace

TEST_CASE("The page of a dataset is well formed and needs no network") {
  const std::string page = dataset_page(dataset_with_media(), 5000000);
  CHECK(find_html_fault(page) == "");
  CHECK_THAT(page, Contains("&lt;b&gt;&quot;task&quot;&lt;/b&gt;"));
  CHECK_THAT(page, Contains("m&amp;m"));
  CHECK_THAT(page, Contains("50 %") && Contains("succeeded"));
  CHECK_THAT(page, Contains("return per episode"));
  CHECK(count_occurrences(page, "<img") == 8 + 1);  // first frames and a video
}

TEST_CASE("A video has a frame, a text and a position for each step") {
  const std::string page = dataset_page(dataset_with_media(), 5000000);
  const size_t begin = page.find("<script type=\"application/json\">") + 32;
  const auto video = nlohmann::json::parse(
      page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(video.at("steps") == 40);
  CHECK(video.at("stride") == 1);
  CHECK(video.at("frames").at(0).size() == 40);
  CHECK(video.at("values").size() == 40);
  CHECK_THAT(video.at("values").at(0).get<std::string>(),
             Contains("</script><img src=x>") && Contains("reward"));
  // Action, reward and observation.
  CHECK(count_occurrences(page, "class=\"cursor\"") == 3);
}

TEST_CASE("Frames are left out of large videos") {
  const std::string all = dataset_page(dataset_with_media(), 5000000);
  const std::string page = dataset_page(dataset_with_media(), 50000);
  CHECK(page.size() < all.size());
  CHECK(page.size() < 60000);
  CHECK_THAT(page, Contains("one frame for"));
  CHECK(find_html_fault(page) == "");
}

TEST_CASE("A dataset without usable episodes has a page") {
  EpisodesInMemory source = dataset_with_media();
  for (data::Episode& episode : source.episodes) {
    episode.failed = true;
  }
  CHECK(find_html_fault(dataset_page(source, 5000000)) == "");
  source.episodes.clear();
  CHECK(find_html_fault(dataset_page(source, 5000000)) == "");
}

TEST_CASE("Images on pages are the pixels of the data") {
  data::Image image{2, 3, {}};
  for (uint8_t i = 0; i < 18; ++i) {
    image.pixels.push_back(static_cast<uint8_t>(i * 11));
  }
  const std::string url = image_data_url(image);
  REQUIRE(url.starts_with("data:image/png;base64,"));
  const std::string bytes =
      ingest::decode_base64(url.substr(url.find(',') + 1));
  const data::Image decoded = ingest::decode_image(
      {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  CHECK(decoded.width == 3);
  CHECK(decoded.pixels == image.pixels);
  CHECK(image_data_url(image, 10).starts_with("data:image/webp;base64,"));
}

TEST_CASE("Pages of token files show tokens with their values") {
  const TestDirectory directory;
  data::TokenFileWriter writer(directory / "t.h5", false, small_vocabulary());
  data::TokenizedDocument episode = make_episode_document(4, 2, 3, 1);
  episode.labels = episode.tokens;
  episode.labels.back() = small_vocabulary().continuous_begin() + 3;
  writer.append(episode);
  writer.append(make_text_document(900));
  writer.commit(small_tasks(), small_provenance());
  const data::TokenFileReader reader(directory / "t.h5");
  // The text model of the sample is not valid.
  data::Vocabulary vocabulary = reader.vocabulary();
  vocabulary.sentencepiece_model.clear();
  const TokenStream stream(vocabulary, reader.tasks());
  const auto read = reader.document(0);
  const std::string html = stream.html(
      read,
      [&read](int64_t i) {
        return read.patches[static_cast<size_t>(i)].data();
      },
      1000000, 1000);
  CHECK(find_html_fault(html) == "");
  CHECK(count_occurrences(html, "class=\"step\"") == 4);
  CHECK(count_occurrences(html, "title=\"patch ") == 4 * 6);
  CHECK(count_occurrences(html, "m7 target") == 8);
  CHECK(count_occurrences(html, " label\"") == 1);
  CHECK_THAT(html, Contains("action[1] = ") && Contains(", bin ") &&
                       Contains(", target"));
  const std::string text = stream.html(
      reader.document(1), [](int64_t) { return nullptr; }, 1000000, 600);
  CHECK(count_occurrences(text, "<i ") == 600);
  CHECK_THAT(text, Contains("The first 600 of 900 tokens"));
}

TEST_CASE("The page of a run shows its curves while it trains") {
  const TestDirectory run;
  std::ofstream metrics(run / "metrics.jsonl");
  for (int step = 1; step <= 30; ++step) {
    metrics << nlohmann::json{{"step", step},
                              {"loss", 5.0 / step},
                              {"learning_rate", 1e-3},
                              {"gradient_norm", 1.0},
                              {"time", "2026-01-31T23:59:59Z"},
                              {"domain",
                               {{"a<b", {{"loss", 3.0 / step}}},
                                {"grid", {{"loss", 4.0 / step}}}}}}
            << '\n';
  }
  metrics << nlohmann::json{{"step", 30}, {"validation", {{"loss", 0.5}}}}
          << "\n{\"step\": 31, \"lo";  // being written
  metrics.close();
  const std::string page = view_page("run", "", run_sections(run.path(), {}));
  CHECK(find_html_fault(page) == "");
  CHECK_THAT(page, Contains("Loss by domain") && Contains("a&lt;b") &&
                       Contains("lowest validation loss, at step 30") &&
                       Contains("gradient norm") &&
                       Contains("2026-01-31T23:59:59Z"));
  for (const bool has_file : {true, false}) {
    std::ofstream(run / "metrics.jsonl") << "{\"step\": 1, \"lo";
    if (!has_file) {
      std::filesystem::remove(run / "metrics.jsonl");
    }
    const std::string early =
        view_page("run", "", run_sections(run.path(), {}));
    CHECK(find_html_fault(early) == "");
    CHECK_THAT(early, Contains("No step has been logged yet"));
  }
  std::ofstream(run / "metrics.jsonl") << "{}\n";
  CHECK(thrown_error([&] { run_sections(run.path(), {}); }).status() ==
        base::ExitStatus::bad_input);
}

TEST_CASE("Principal components find a line") {
  // Points on a line in three dimensions, with a little of a second direction.
  std::vector<float> vectors;
  for (int i = 0; i < 50; ++i) {
    const auto along = static_cast<float>(i - 20);
    const float across = i % 2 == 0 ? 0.5F : -0.5F;
    vectors.insert(vectors.end(),
                   {1 + 2 * along, 3 - along, 4 + 2 * along + across});
  }
  const PrincipalComponents components = principal_components(vectors, 3);
  CHECK(components.explained == Approx(1).margin(1e-9));
  const auto& points = components.coordinates;
  REQUIRE(points.size() == 50);
  for (size_t i = 2; i < points.size(); i += 2) {
    CHECK(std::abs(points[i].first - points[i - 2].first) ==
          Approx(6).epsilon(0.01));
  }
  // Equal vectors have no direction.
  CHECK(principal_components({1, 2, 1, 2}, 2).explained == 0);
  const auto similarity = neighbor_similarity({1, 0, 0, 2, -3, 0, 0, 0}, 2, 2);
  REQUIRE(similarity.size() == 2);
  CHECK(similarity[0] == Approx(-1));
  CHECK(similarity[1] == 0);
  CHECK(find_html_fault(bin_embedding_html(vectors, 3)) == "");
}

TEST_CASE("Histograms count every finite value") {
  const std::string chart = histogram(
      {1, 2, 2, 3, 3, 3, std::numeric_limits<double>::infinity()}, "steps");
  CHECK(find_html_fault(chart) == "");
  CHECK(count_occurrences(chart, "<rect") == 3);
  CHECK_THAT(chart, Contains("2 to 3: 2") && Contains("median 3"));
  CHECK(histogram({}, "none").empty());
  CHECK(count_occurrences(histogram({0.5}, "one"), "<rect") == 1);
}

TEST_CASE("Counts are easy to read") {
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(-1234) == "-1,234");
  CHECK(grouped(999) == "999");
  CHECK(short_count(1209712) == "1.21 M");
  CHECK(short_count(999999) == "999,999");
  CHECK(percent(1, 100000) == "less than 0.1 %");
  CHECK(percent(99999, 100000) == "99.9 %");
  CHECK(percent(3, 4) == "75 %");
}

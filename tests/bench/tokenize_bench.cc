// Compares the encoders with the minimum cost of their work: numbers with the
// formula alone, images with cv::imdecode of the same files, text with
// SentencePiece's own Encode. tests/bench/ratios also compares them with
// Python.
//
//   tokenize_bench --images FOLDER --text FILE --text-model FILE
//
// Skips the benchmarks whose files are not given.
#include <benchmark/benchmark.h>
#include <sentencepiece_processor.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "data/make_field.h"
#include "gato/base/file_io.h"
#include "gato/base/malloc_options.h"
#include "gato/base/random.h"
#include "gato/ingest/images/image_decoder.h"
#include "gato/tokenize/field_codec.h"
#include "gato/tokenize/image_patches.h"
#include "gato/tokenize/mu_law.h"
#include "gato/tokenize/text_encoder.h"
#include "run_benchmarks.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

// Returns a million values of both signs and magnitudes from 1e-4 to 1e3, with
// the same distribution as in tests/bench/ratios.
data::Array random_values(data::DType dtype) {
  constexpr int64_t kCount = 1'000'000;
  data::Array values = data::Array::zeros(dtype, {kCount});
  base::RandomStream random(1);
  for (int64_t i = 0; i < kCount; ++i) {
    const double magnitude = std::pow(10, random.uniform(-4, 3));
    values.set(i, random.uniform_int(2) == 0 ? magnitude : -magnitude);
  }
  return values;
}

void encode_continuous(benchmark::State& state, data::DType dtype) {
  const data::Array values = random_values(dtype);
  const tokenize::FieldCodec codec(
      test::make_field("values", data::Role::continuous, dtype, values.shape),
      tokenize::FieldCodec::Kind::observation,
      data::Vocabulary::make("", 32000, data::DiscreteLayout::overlap));
  std::vector<int32_t> ids;
  tokenize::OutOfRangeTally out_of_range;
  for (auto _ : state) {
    ids.clear();
    codec.encode(values, ids, out_of_range);
    benchmark::DoNotOptimize(ids.data());
  }
  state.SetItemsProcessed(state.iterations() * values.size());
}

void continuous_formula(benchmark::State& state) {
  const data::Array values = random_values(data::DType::float64);
  std::vector<int32_t> ids(static_cast<size_t>(values.size()));
  for (auto _ : state) {
    const auto* x = values.data<double>();
    for (int32_t& id : ids) {
      id = tokenize::bin_index(tokenize::mu_law_encode(*x++));
    }
    benchmark::DoNotOptimize(ids.data());
  }
  state.SetItemsProcessed(state.iterations() * values.size());
}

// Measures `use(file)` on all files of a folder in the order of their names.
// Each iteration is one pass over the folder.
template <class Use>
void for_each_file(benchmark::State& state, const std::string& folder,
                   Use use) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (auto _ : state) {
    for (const fs::path& file : files) {
      use(file);
    }
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(files));
}

void encode_images(benchmark::State& state, const std::string& folder) {
  for_each_file(state, folder, [](const fs::path& file) {
    data::TokenizedDocument document;
    tokenize::encode_image(ingest::read_image(file), document);
    benchmark::DoNotOptimize(document.patches.data());
  });
}

void decode_images(benchmark::State& state, const std::string& folder) {
  for_each_file(state, folder, [](const fs::path& file) {
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    std::vector<uint8_t> bytes(static_cast<size_t>(stream.tellg()));
    stream.seekg(0);
    stream.read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
    const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_COLOR);
    benchmark::DoNotOptimize(image.data);
  });
}

std::vector<std::string> read_lines(const std::string& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

int64_t byte_count(const std::vector<std::string>& lines) {
  int64_t bytes = 0;
  for (const std::string& line : lines) {
    bytes += std::ssize(line);
  }
  return bytes;
}

void encode_text(benchmark::State& state, const std::string& file,
                 const std::string& model) {
  const auto lines = read_lines(file);
  const tokenize::TextEncoder encoder(base::read_file(model));
  std::vector<int32_t> ids;
  for (auto _ : state) {
    ids.clear();
    for (const std::string& line : lines) {
      encoder.encode(line, ids);
    }
    benchmark::DoNotOptimize(ids.data());
  }
  state.SetBytesProcessed(state.iterations() * byte_count(lines));
}

void sentencepiece_text(benchmark::State& state, const std::string& file,
                        const std::string& model) {
  const auto lines = read_lines(file);
  sentencepiece::SentencePieceProcessor processor;
  if (!processor.Load(model).ok()) {
    return state.SkipWithError("cannot load the model");
  }
  std::vector<int> ids;
  for (auto _ : state) {
    for (const std::string& line : lines) {
      processor.Encode(line, &ids).IgnoreError();
      benchmark::DoNotOptimize(ids.data());
    }
  }
  state.SetBytesProcessed(state.iterations() * byte_count(lines));
}

// Removes the options of this program, "--KEY VALUE", from the arguments and
// returns them by key.
std::map<std::string, std::string> take_options(int& argc, char** argv) {
  std::map<std::string, std::string> options;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool is_ours = argument == "--images" || argument == "--text" ||
                         argument == "--text-model";
    if (is_ours && i + 1 < argc) {
      options[argument.substr(2)] = argv[++i];
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return options;
}

}  // namespace
}  // namespace gato

int main(int argc, char** argv) {
  using namespace gato;
  const auto options = take_options(argc, argv);
  return bench::run_benchmarks(argc, argv, [&] {
    spdlog::set_level(spdlog::level::warn);
    base::disable_malloc_trim();  // as the programs do
    for (const data::DType dtype :
         {data::DType::float32, data::DType::float64}) {
      benchmark::RegisterBenchmark(
          fmt::format("continuous/{}", data::dtype_name(dtype)).c_str(),
          encode_continuous, dtype);
    }
    benchmark::RegisterBenchmark("continuous/formula", continuous_formula);
    if (options.contains("images")) {
      const std::string folder = options.at("images");
      benchmark::RegisterBenchmark("images/encoder", encode_images, folder);
      benchmark::RegisterBenchmark("images/imdecode", decode_images, folder);
    }
    if (options.contains("text") && options.contains("text-model")) {
      const std::string file = options.at("text"),
                        model = options.at("text-model");
      benchmark::RegisterBenchmark("text/encoder", encode_text, file, model);
      benchmark::RegisterBenchmark("text/sentencepiece", sentencepiece_text,
                                   file, model);
    }
  });
}

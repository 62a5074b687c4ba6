// Complete Minari 0.5 datasets: metadata.json and one tiny episode with JPEG
// frames of equal and of different lengths. An input that begins with a brace
// is metadata.json itself. Other inputs edit both files.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "fuzz/hdf5_edits.h"
#include "gato/base/file_io.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/lenient_json.h"
#include "gato/ingest/episodes/episode_source.h"
#include "gato/ingest/episodes/hdf5_columns.h"

using namespace gato;
using nlohmann::json;

namespace {

constexpr int64_t kRows = 3;  // two steps and the final observation

const std::string& valid_metadata() {
  static const std::string text =
      base::read_file(GATO_SOURCE_DIR "/tests/fuzz/seeds/minari/metadata.json");
  return text;
}

std::vector<uint8_t> make_frame(int type, int shade) {
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", cv::Mat(16, 16, type, cv::Scalar::all(shade)), bytes,
               {cv::IMWRITE_JPEG_OPTIMIZE, 1});
  return bytes;
}

void write_equal_frames(data::hdf5::Group& group) {
  const std::vector<uint8_t> frame = make_frame(CV_8UC3, 90);
  const int64_t length = std::ssize(frame);
  data::Array frames = data::Array::zeros(data::DType::uint8, {kRows, length});
  for (int64_t i = 0; i < kRows; ++i) {
    std::ranges::copy(frame, frames.data<uint8_t>() + i * length);
  }
  group.write_array("equal", frames);
}

void write_varying_frames(data::hdf5::Group& group) {
  const data::hdf5::Handle type(H5Tvlen_create(H5T_NATIVE_UINT8));
  std::vector<std::vector<uint8_t>> frames;
  std::vector<hvl_t> views;
  for (int i = 0; i < kRows; ++i) {
    frames.push_back(make_frame(CV_8UC1, 60 * i));
  }
  for (auto& bytes : frames) {
    views.push_back({bytes.size(), bytes.data()});
  }
  group.create_dataset("varying", type.id(), {kRows})
      .write(type.id(), 0, kRows, views.data());
}

void write_valid_episode(const std::filesystem::path& path) {
  data::hdf5::Group root = data::hdf5::create_file(path, path);
  data::hdf5::Group episode = root.create_group("episode_0");
  episode.set_attribute("id", int64_t{0});
  episode.set_attribute("total_steps", int64_t{2});
  episode.set_attribute("seed", int64_t{7});
  data::hdf5::Group observations = episode.create_group("observations");
  write_equal_frames(observations);
  write_varying_frames(observations);
  observations.write_texts("mission", {"a", "ab", "abc"});
  data::hdf5::Group actions = episode.create_group("actions");
  actions.write("_index_0", std::vector<int64_t>{1, 4});
  actions.write_array("_index_1",
                      data::Array::zeros(data::DType::float32, {2, 2}));
  episode.write("rewards", std::vector<double>{0, 1});
  episode.write_array("terminations",
                      data::Array::zeros(data::DType::boolean, {2}));
  data::hdf5::Group infos = episode.create_group("infos");
  infos.write("success", std::vector<double>{0, 0, 1});
  data::hdf5::close_file(std::move(root));
}

json any_value(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange(0, 8)) {
    case 0:
      return nullptr;
    case 1:
      return input.ConsumeBool();
    case 2:
      return input.ConsumeIntegral<int64_t>();
    case 3:
      return input.ConsumeIntegral<uint8_t>();
    case 4:
      return input.ConsumeFloatingPoint<double>();
    case 5:
      return json::array();
    case 6:
      return json::array({input.ConsumeIntegral<int8_t>(), 3});
    case 7:
      return json::object();
    default:
      return input.ConsumeRandomLengthString(24);
  }
}

// Replaces, removes or adds one value in `value` or below it. Descends into
// strings that contain JSON (spaces, the EnvSpec).
void edit_json(json& value, FuzzedDataProvider& input) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    json inner = json::parse(text, nullptr, false);
    if (inner.is_structured() && input.ConsumeBool()) {
      edit_json(inner, input);
      value = inner.dump(-1, ' ', false, json::error_handler_t::replace);
      return;
    }
  } else if (value.is_structured() && !value.empty()) {
    const auto index =
        input.ConsumeIntegralInRange<size_t>(0, value.size() - 1);
    const auto child =
        std::next(value.begin(), static_cast<std::ptrdiff_t>(index));
    switch (input.ConsumeIntegralInRange(0, 7)) {
      case 0:
        value.erase(child);
        return;
      case 1:
        if (value.is_object()) {
          value[input.ConsumeRandomLengthString(12)] = *child;
        } else {
          value.push_back(*child);
        }
        return;
      case 2:
        break;
      default:
        edit_json(*child, input);
        return;
    }
  }
  value = any_value(input);
}

void read_all(const std::filesystem::path& path) {
  const auto source = ingest::open_episodes(path, {});
  for (int64_t i = 0; i < source->episode_count(); ++i) {
    fuzz::accepts([&] {
      const data::Episode episode = source->read_episode(i);
      for (const data::FieldColumn& column : episode.actions) {
        FUZZ_REQUIRE(ingest::row_count(column) == episode.step_count());
      }
      for (const data::FieldColumn& column : episode.observations) {
        FUZZ_REQUIRE(ingest::row_count(column) >= episode.step_count());
        if (const auto* array = std::get_if<data::Array>(&column)) {
          FUZZ_REQUIRE(array->bytes.size() ==
                       static_cast<size_t>(array->size()) *
                           data::item_size(array->dtype));
        }
      }
    });
  }
  source->warnings();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::EditedFile file(fuzz::written_bytes(write_valid_episode));
  FuzzedDataProvider input(data, size);
  std::string metadata;
  if (size > 0 && data[0] == '{') {
    metadata = fuzz::as_text(data, size);
    file.restore();
  } else {
    json edited = data::parse_lenient_json(valid_metadata());
    for (int n = input.ConsumeIntegralInRange(0, 2); n > 0; --n) {
      edit_json(edited, input);
    }
    metadata = edited.dump(-1, ' ', false, json::error_handler_t::replace);
    if (input.ConsumeBool()) {
      file.restore();
    } else {
      file.edit(input);
    }
  }
  std::ofstream(file.path().parent_path() / "metadata.json") << metadata;
  fuzz::accepts([&] { read_all(file.path().parent_path()); });
  return 0;
}

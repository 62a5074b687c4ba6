#include "gato/ingest/episodes/compressed_images.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>

#include "cli/run_in_process.h"
#include "data/sample_documents.h"
#include "gato/base/error.h"
#include "gato/ingest/base64.h"
#include "gato/ingest/episodes/episode_source.h"

using namespace gato;
using namespace gato::ingest;
using namespace gato::test;
using Catch::Matchers::Contains;

namespace {

using Bytes = std::vector<uint8_t>;

// An image file of one gray level.
Bytes encoded(const std::string& extension, int level, int height = 16,
              int width = 24) {
  Bytes bytes;
  cv::imencode(extension,
               cv::Mat(height, width, CV_8UC3, cv::Scalar(level, level, level)),
               bytes);
  return bytes;
}

std::vector<Bytes> gray_frames(const std::string& extension, int count) {
  std::vector<Bytes> frames;
  for (int i = 0; i < count; ++i) {
    frames.push_back(encoded(extension, 10 * i));
  }
  return frames;
}

enum class Storage { rows, column_rows, sequences, opaque, texts };

// Pads the frames to one length with zeros, unless they are sequences.
void write_frames(data::hdf5::Group& group, const std::string& name,
                  std::vector<Bytes> frames, Storage storage) {
  using data::hdf5::Handle;
  const auto rows = static_cast<int64_t>(frames.size());
  if (storage == Storage::sequences) {
    const Handle type(H5Tvlen_create(H5T_NATIVE_UINT8));
    std::vector<hvl_t> pointers;
    for (Bytes& frame : frames) {
      pointers.push_back({frame.size(), frame.data()});
    }
    group.create_dataset(name, type.id(), {rows})
        .write(type.id(), 0, rows, pointers.data());
    return;
  }
  size_t length = 0;
  for (const Bytes& frame : frames) {
    length = std::max(length, frame.size());
  }
  Bytes flat;
  for (Bytes& frame : frames) {
    frame.resize(length);
    flat.insert(flat.end(), frame.begin(), frame.end());
  }
  std::vector<int64_t> shape{rows};
  Handle type(H5Tcopy(H5T_NATIVE_UINT8));
  if (storage == Storage::opaque) {
    type = Handle(H5Tcreate(H5T_OPAQUE, length));
  } else if (storage == Storage::texts) {
    type = Handle(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.id(), length);
    H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
  } else {
    shape.push_back(static_cast<int64_t>(length));
    if (storage == Storage::column_rows) {
      shape.push_back(1);
    }
  }
  group.create_dataset(name, type.id(), shape)
      .write(type.id(), 0, rows, flat.data());
}

// Writes D4RL tables, two steps per episode, with observations by `write`.
template <class Write>
std::string d4rl_file(const ScratchDirectory& folder, int64_t rows,
                      Write write) {
  const std::string path = folder / "table.hdf5";
  std::filesystem::remove(path);
  data::hdf5::Group root = data::hdf5::create_file(path, path);
  root.write_array("actions",
                   data::Array::zeros(data::DType::float32, {rows, 1}));
  data::Array ends = data::Array::zeros(data::DType::boolean, {rows});
  for (int64_t i = 1; i < rows; i += 2) {
    ends.set_integer(i, 1);
  }
  root.write_array("timeouts", ends);
  write(root);
  data::hdf5::close_file(std::move(root));
  return path;
}

// Writes a robomimic file with two demonstrations of two steps.
template <class Write>
std::string robomimic_file(const ScratchDirectory& folder, Write write) {
  const std::string path = folder / "demos.hdf5";
  std::filesystem::remove(path);
  data::hdf5::Group root = data::hdf5::create_file(path, path);
  data::hdf5::Group data = root.create_group("data");
  for (int i = 0; i < 2; ++i) {
    data::hdf5::Group demo = data.create_group("demo_" + std::to_string(i));
    demo.write_array("actions",
                     data::Array::zeros(data::DType::float32, {2, 1}));
    write(i, demo);
  }
  data::hdf5::close_file(std::move(root));
  return path;
}

// Writes a Minari dataset of one step whose observation space is a Box of uint8
// of shape `shape`.
template <class Write>
std::string minari_file(const ScratchDirectory& folder,
                        const std::string& shape, Write write) {
  const std::string path = folder / "main_data.hdf5";
  std::filesystem::remove(path);
  data::hdf5::Group root = data::hdf5::create_file(path, path);
  root.set_attribute("total_episodes", int64_t{1});
  root.set_attribute("observation_space",
                     R"({"type": "Box", "dtype": "uint8", "low": 0,)"
                     R"( "high": 255, "shape": )" +
                         shape + "}");
  root.set_attribute("action_space",
                     R"({"type": "Discrete", "dtype": "int64", "n": 2})");
  data::hdf5::Group episode = root.create_group("episode_0");
  episode.write("actions", std::vector<int64_t>{1});
  write(episode);
  data::hdf5::close_file(std::move(root));
  return path;
}

// The first pixel of every frame.
std::vector<int64_t> levels(const data::FieldColumn& column) {
  const auto& array = std::get<data::Array>(column);
  std::vector<int64_t> levels;
  for (int64_t i = 0; i < array.shape[0]; ++i) {
    levels.push_back(array.row(i).as_integer(0));
  }
  return levels;
}

std::string refusal(const std::string& path) {
  const base::Error error = thrown_error([&] {
    const auto source = open_episodes(path, {});
    for (int64_t i = 0; i < source->episode_count(); ++i) {
      source->read_episode(i);
    }
  });
  CHECK(error.status() == base::ExitStatus::bad_input);
  CHECK_THAT(error.what(), Contains(path) && Contains("compressed image"));
  return error.what();
}

}  // namespace

TEST_CASE("Compressed images of every storage and format are observations") {
  const ScratchDirectory folder;
  for (const Storage storage :
       {Storage::rows, Storage::column_rows, Storage::sequences,
        Storage::opaque, Storage::texts}) {
    for (const char* extension : {".jpg", ".png", ".webp", ".ppm"}) {
      CAPTURE(static_cast<int>(storage), extension);
      const std::string d4rl = d4rl_file(folder, 4, [&](auto& root) {
        write_frames(root, "observations", gray_frames(extension, 4), storage);
        std::vector<Bytes> next = gray_frames(extension, 5);
        next.erase(next.begin());
        write_frames(root, "next_observations", next, storage);
      });
      const std::string robomimic =
          robomimic_file(folder, [&](int, auto& demo) {
            std::vector<Bytes> frames = gray_frames(extension, 3);
            data::hdf5::Group next =
                demo.create_group("next_obs").create_group("eye");
            write_frames(next, "left", {frames[1], frames[2]}, storage);
            frames.pop_back();
            data::hdf5::Group obs =
                demo.create_group("obs").create_group("eye");
            write_frames(obs, "left", frames, storage);
          });
      const auto table = open_episodes(d4rl, {});
      CHECK(table->spec().observation_fields.at(0).role == data::Role::image);
      CHECK(table->spec().observation_fields.at(0).shape ==
            std::vector<int64_t>{16, 24, 3});
      CHECK(levels(table->read_episode(0).observations.at(0)) ==
            std::vector<int64_t>{0, 10, 20});
      CHECK(levels(table->read_episode(1).observations.at(0)) ==
            std::vector<int64_t>{20, 30, 40});
      const auto demos = open_episodes(robomimic, {});
      CHECK(demos->spec().observation_fields.at(0).name == "eye/left");
      CHECK(levels(demos->read_episode(1).observations.at(0)) ==
            std::vector<int64_t>{0, 10, 20});
    }
  }
}

TEST_CASE("Rows of numbers and texts are not taken for images") {
  const ScratchDirectory folder;
  // The first row begins like a JPEG.
  const Bytes numbers{0xFF, 0xD8, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto role = [&](auto write) {
    return open_episodes(d4rl_file(folder, 2, write), {})
        ->spec()
        .observation_fields.at(0)
        .role;
  };
  CHECK(role([&](auto& root) {
          write_frames(root, "observations", {numbers, Bytes(12, 0)},
                       Storage::rows);
        }) == data::Role::discrete);
  // These begin like a PPM that is truncated.
  const std::string header = "P6\n4 4\n255\n7777";
  const Bytes like_ppm(header.begin(), header.end());
  CHECK(
      role([&](auto& root) {
        write_frames(root, "observations", {like_ppm, like_ppm}, Storage::rows);
      }) == data::Role::discrete);
  CHECK(role([&](auto& root) {
          write_frames(root, "observations", {like_ppm, like_ppm},
                       Storage::texts);
        }) == data::Role::text);
  CHECK(role([&](auto& root) {
          write_frames(root, "observations",
                       {Bytes{'g', 'o'}, Bytes{'s', 't', 'o', 'p'}},
                       Storage::texts);
        }) == data::Role::text);
}

TEST_CASE("Rows of every binary kind of PNM are images") {
  const ScratchDirectory folder;
  const auto open = [&](const std::string& file) {
    const Bytes bytes(file.begin(), file.end());
    return open_episodes(
        d4rl_file(
            folder, 2,
            [&](auto& root) {
              write_frames(root, "observations", {bytes, bytes}, Storage::rows);
            }),
        {});
  };
  const std::string padding(5, '\0');
  for (const auto& [file, level] :
       {std::pair{"P4 9 2\n" + std::string(4, '\0'), 255},
        std::pair{"P5 # gray\n9 2\n255\n" + std::string(18, '\7'), 7},
        std::pair{"P6 9 2 255\n" + std::string(54, '\7'), 7}}) {
    CAPTURE(file);
    const auto source = open(file + padding);
    CHECK(source->spec().observation_fields.at(0).shape ==
          std::vector<int64_t>{2, 9, 3});
    CHECK(levels(source->read_episode(0).observations.at(0)).front() == level);
  }
  CHECK_THAT(thrown_error([&] {
               open("P5 9 2 65535\n" + std::string(36, '\7'));
             }).what(),
             Contains("the PNM has 16 bits per channel"));
}

TEST_CASE("A role makes compressed images rows of numbers") {
  const ScratchDirectory folder;
  const std::string path = d4rl_file(folder, 2, [](auto& root) {
    write_frames(root, "observations", gray_frames(".png", 2), Storage::rows);
  });
  EpisodeSourceOptions options;
  options.roles = {{"observation", data::Role::discrete}};
  const auto source = open_episodes(path, options);
  CHECK(source->spec().observation_fields.at(0).shape.size() == 1);
  CHECK(levels(source->read_episode(0).observations.at(0)) ==
        std::vector<int64_t>{0x89, 0x89});
}

TEST_CASE("Compressed images that cannot be decoded are refused by row") {
  const ScratchDirectory folder;
  const auto with_row_2 = [&](Bytes frame, Storage storage) {
    return refusal(d4rl_file(folder, 4, [&](auto& root) {
      std::vector<Bytes> frames = gray_frames(".png", 4);
      frames[2] = std::move(frame);
      write_frames(root, "observations", frames, storage);
    }));
  };
  for (const Storage storage : {Storage::rows, Storage::sequences}) {
    CHECK_THAT(with_row_2({}, storage), Contains("observations: row 2"));
    Bytes truncated = encoded(".png", 1);
    truncated.resize(40);
    CHECK_THAT(with_row_2(truncated, storage), Contains("observations: row 2"));
    CHECK_THAT(with_row_2(encoded(".png", 1, 24, 16), storage),
               Contains("row 2") && Contains("24 x 16 pixels, not 16 x 24"));
  }
  const auto all = [&](const Bytes& frame, Storage storage) {
    return refusal(d4rl_file(folder, 2, [&](auto& root) {
      write_frames(root, "observations", {frame, frame}, storage);
    }));
  };
  const Bytes gif{'G', 'I', 'F', '8', '9', 'a', 0, 0, 0, 0, 0, 0};
  CHECK_THAT(all(gif, Storage::rows), Contains("row 0"));
  CHECK_THAT(all({1, 2, 3}, Storage::sequences), Contains("row 0"));
  Bytes depth;
  cv::imencode(".png", cv::Mat(2, 2, CV_16UC1, cv::Scalar(1000)), depth);
  CHECK_THAT(all(depth, Storage::opaque), Contains("16 bits per channel"));
}

TEST_CASE("Images in other formats and in base64 are refused with advice") {
  const ScratchDirectory folder;
  const auto as_base64 = [](const Bytes& bytes) {
    const std::string text = encode_base64(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return Bytes(text.begin(), text.end());
  };
  for (const auto& [frame, part] :
       {std::pair{encoded(".bmp", 7), "in BMP: convert it to PNG or JPEG"},
        std::pair{encoded(".tiff", 7), "in TIFF: convert it to PNG or JPEG"},
        std::pair{as_base64(encoded(".jpg", 7)), "(JPEG) in base64"},
        std::pair{as_base64(encoded(".ppm", 7)), "(PNM) in base64"},
        std::pair{as_base64(encoded(".bmp", 7)), "(BMP) in base64"}}) {
    Bytes padded = frame;
    padded.resize(frame.size() + 5);
    for (const Storage storage :
         {Storage::rows, Storage::column_rows, Storage::sequences,
          Storage::opaque, Storage::texts}) {
      CAPTURE(part, static_cast<int>(storage));
      const auto write = [&, &bytes = frame](auto& group, const char* name) {
        write_frames(group, name, {bytes, padded}, storage);
      };
      CHECK_THAT(
          refusal(d4rl_file(folder, 2,
                            [&](auto& root) { write(root, "observations"); })),
          Contains("observations: row 0") && Contains(part));
      CHECK_THAT(refusal(robomimic_file(folder,
                                        [&](int, auto& demo) {
                                          auto obs = demo.create_group("obs");
                                          write(obs, "eye");
                                        })),
                 Contains("eye: row 0") && Contains(part));
      for (const char* shape : {"[1000]", "[1000, 1]"}) {
        CHECK_THAT(refusal(minari_file(
                       folder, shape,
                       [&](auto& episode) { write(episode, "observations"); })),
                   Contains(part));
      }
    }
  }
  const std::string text =
      encode_base64("\xFF\xD8\xFF\xE0 " + std::string(40, 'x'));
  const std::string path = d4rl_file(folder, 2, [&](auto& root) {
    root.write_texts("observations", {"go", text});
  });
  CHECK_THAT(refusal(path), Contains("observations: row 1") &&
                                Contains("--role observation=text"));
  EpisodeSourceOptions options;
  options.roles = {{"observation", data::Role::text}};
  CHECK(open_episodes(path, options)->spec().observation_fields.at(0).role ==
        data::Role::text);
}

TEST_CASE("The first frame of a file may be corrupt") {
  const ScratchDirectory folder;
  const std::string path = d4rl_file(folder, 4, [](auto& root) {
    std::vector<Bytes> frames = gray_frames(".jpg", 4);
    frames[0] = Bytes(20, 0);
    write_frames(root, "observations", frames, Storage::rows);
  });
  const auto source = open_episodes(path, {});
  CHECK_THAT(thrown_error([&] { source->read_episode(0); }).what(),
             Contains("row 0: neither a compressed image"));
  CHECK(levels(source->read_episode(1).observations.at(0)) ==
        std::vector<int64_t>{20, 30});
}

TEST_CASE("Images as texts of variable length are refused") {
  const ScratchDirectory folder;
  CHECK_THAT(refusal(d4rl_file(folder, 2,
                               [](auto& root) {
                                 root.write_texts(
                                     "observations",
                                     {"P5 2 1 255 ab", "P5 2 1 255 cd"});
                               })),
             Contains("end at their first zero byte"));
  CHECK_THAT(refusal(d4rl_file(folder, 2,
                               [](auto& root) {
                                 root.write_texts("observations",
                                                  {"\x89PNG\r\n\x1A\n",
                                                   "\x89PNG\r\n\x1A\n"});
                               })),
             Contains("end at their first zero byte"));
}

TEST_CASE("Demonstrations may differ in how they store images") {
  const ScratchDirectory folder;
  const std::string path = robomimic_file(folder, [](int i, auto& demo) {
    data::hdf5::Group obs = demo.create_group("obs");
    if (i == 0) {
      write_frames(obs, "eye", gray_frames(".png", 2), Storage::rows);
    } else {
      obs.write_array("eye",
                      data::Array::zeros(data::DType::uint8, {2, 16, 24, 3}));
    }
  });
  const auto source = open_episodes(path, {});
  CHECK(levels(source->read_episode(0).observations.at(0)) ==
        std::vector<int64_t>{0, 10});
  CHECK(levels(source->read_episode(1).observations.at(0)) ==
        std::vector<int64_t>{0, 0});
}

TEST_CASE("Minari datasets may contain frames of every storage and format") {
  const ScratchDirectory folder;
  for (const Storage storage :
       {Storage::rows, Storage::sequences, Storage::opaque, Storage::texts}) {
    for (const char* extension : {".jpg", ".png", ".webp", ".ppm"}) {
      // The last space is that of the bytes of the files.
      for (const char* shape : {"[16, 24, 3]", "[16, 24]", "[1000]"}) {
        CAPTURE(static_cast<int>(storage), extension, shape);
        const std::string path =
            minari_file(folder, shape, [&](data::hdf5::Group& episode) {
              write_frames(episode, "observations", gray_frames(extension, 2),
                           storage);
            });
        const auto source = open_episodes(path, {});
        CHECK(source->spec().observation_fields.at(0).role ==
              data::Role::image);
        CHECK(levels(source->read_episode(0).observations.at(0)) ==
              std::vector<int64_t>{0, 10});
      }
    }
  }
}

TEST_CASE("Raw frames that begin like a JPEG are not decoded") {
  const ScratchDirectory folder;
  Bytes raw(16 * 24 * 3, 7);
  raw[0] = raw[2] = 0xFF;
  raw[1] = 0xD8;
  const std::string path =
      minari_file(folder, "[16, 24, 3]", [&](data::hdf5::Group& episode) {
        write_frames(episode, "observations", {raw, raw}, Storage::rows);
      });
  CHECK(levels(open_episodes(path, {})->read_episode(0).observations.at(0)) ==
        std::vector<int64_t>{0xFF, 0xFF});
}

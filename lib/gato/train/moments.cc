#include "gato/train/moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/number.h"
#include "gato/data/safetensors_header.h"
#include "gato/model/safetensors.h"

namespace gato {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "optimizer-";
constexpr const char* mean_suffix = ".mean";
constexpr const char* square_suffix = ".square";

fs::path file_of(const fs::path& directory, int64_t rank, int64_t ranks) {
  return directory /
         fmt::format("{}{:05}-of-{:05}.safetensors", prefix, rank, ranks);
}

// The files of the directory, by rank.
std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with(prefix)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty() ||
      files.front() != file_of(directory, 0, std::ssize(files))) {
    throw input_error("{}: {} files of the optimiser are not all of them",
                      directory.string(), files.size());
  }
  return files;
}

// What two ranges of a flat buffer share; not positive in size where nothing.
FlatSlice common(const FlatSlice& one, const FlatSlice& other) {
  return {std::max(one.begin, other.begin), std::min(one.end, other.end)};
}

FlatSlice place_of(const Network& network, size_t i) {
  return {network.offset(i),
          network.offset(i) + network.parameters()[i].value.numel()};
}

// Of a tensor in a file, the part of the flat buffer that it holds; nothing
// where the file does not have it.
FlatSlice held(const SafetensorsHeader& header, const std::string& name,
               const std::string& parameter, const FlatSlice& whole,
               const fs::path& path) {
  const auto entry =
      std::ranges::find(header.entries, name, &SafetensorsEntry::name);
  if (entry == header.entries.end()) return {};
  int64_t first = 0;
  if (const auto found = header.metadata.find(parameter);
      found != header.metadata.end()) {
    first = parse_number<int64_t>(found->second, path.string() + ": metadata",
                                  ExitStatus::bad_input);
  }
  const auto size = static_cast<int64_t>((entry->end - entry->begin) / 4);
  if (entry->dtype != "F32" || first < 0 || size > whole.size() - first) {
    throw input_error("{}: tensor {} does not fit the network", path.string(),
                      name);
  }
  return {whole.begin + first, whole.begin + first + size};
}

class Reader {
 public:
  Reader(const fs::path& directory, const Network& network, AdamW& optimiser)
      : directory_(directory), network_(network), optimiser_(optimiser) {}

  void read() {
    for (const fs::path& path : files_in(directory_)) read_file(path);
    check_whole(means_);
    check_whole(squares_);
  }

 private:
  void read_file(const fs::path& path) {
    std::ifstream file;
    const SafetensorsHeader header = read_safetensors_header(path, file);
    Safetensors saved;  // read where it holds something of the slice
    for (size_t i = 0; i < network_.parameters().size(); ++i) {
      const std::string& parameter = network_.parameters()[i].name;
      const auto take = [&](const char* suffix, at::Tensor& moments,
                            std::vector<FlatSlice>& taken) {
        const std::string name = parameter + suffix;
        const FlatSlice part =
            held(header, name, parameter, place_of(network_, i), path);
        const FlatSlice wanted = common(part, optimiser_.slice());
        if (wanted.size() <= 0) return;
        if (saved.tensors.empty()) saved = read_safetensors(path);
        moments
            .narrow(0, wanted.begin - optimiser_.slice().begin, wanted.size())
            .copy_(saved.tensors.at(name).flatten().narrow(
                0, wanted.begin - part.begin, wanted.size()));
        taken.push_back(wanted);
      };
      take(mean_suffix, optimiser_.mean, means_);
      take(square_suffix, optimiser_.square, squares_);
    }
  }

  // Every value of the slice was read once.
  void check_whole(std::vector<FlatSlice>& parts) const {
    std::ranges::sort(parts, {}, &FlatSlice::begin);
    int64_t next = optimiser_.slice().begin;
    for (const FlatSlice& part : parts) {
      if (part.begin != next) break;
      next = part.end;
    }
    if (next == optimiser_.slice().end) return;
    throw input_error(
        "{}: the files of the optimiser do not have each of its moments once",
        directory_.string());
  }

  const fs::path& directory_;
  const Network& network_;
  AdamW& optimiser_;
  std::vector<FlatSlice> means_, squares_;  // parts that were read
};

}  // namespace

void write_moments(const fs::path& directory, const Network& network,
                   const AdamW& optimiser, int64_t rank, int64_t ranks) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  Metadata metadata;
  for (size_t i = 0; i < network.parameters().size(); ++i) {
    const Parameter& parameter = network.parameters()[i];
    const FlatSlice whole = place_of(network, i);
    const FlatSlice part = common(whole, optimiser.slice());
    if (part.size() <= 0) continue;
    const bool is_whole = part.size() == whole.size();
    if (!is_whole) {
      metadata[parameter.name] = std::to_string(part.begin - whole.begin);
    }
    const auto add = [&](const char* suffix, const at::Tensor& moments) {
      const at::Tensor values =
          moments.narrow(0, part.begin - optimiser.slice().begin, part.size());
      tensors.emplace_back(
          parameter.name + suffix,
          is_whole ? values.view(parameter.value.sizes()) : values);
    };
    add(mean_suffix, optimiser.mean);
    add(square_suffix, optimiser.square);
  }
  write_safetensors(file_of(directory, rank, ranks), tensors, metadata);
}

void read_moments(const fs::path& directory, const Network& network,
                  AdamW& optimiser) {
  Reader(directory, network, optimiser).read();
}

}  // namespace gato

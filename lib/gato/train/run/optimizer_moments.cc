#include "gato/train/run/optimizer_moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gato/base/error.h"
#include "gato/base/parse_number.h"
#include "gato/data/safetensors_header.h"
#include "gato/model/safetensors.h"

// Three kinds of ranges of the flat parameter buffer are intersected: that of a
// parameter, that of a shard in a file, and the optimizer's slice. A reader
// takes from each file what overlaps its slice, so shards can be read by any
// number of ranks, and finally checks that the ranges it has read cover the
// slice without gaps or overlaps.
namespace gato::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFilePrefix = "optimizer-";
constexpr const char* kMeanSuffix = ".mean";
constexpr const char* kSquareSuffix = ".square";

fs::path shard_path(const fs::path& directory, int64_t rank,
                    int64_t world_size) {
  return directory / fmt::format("{}{:05}-of-{:05}.safetensors", kFilePrefix,
                                 rank, world_size);
}

// Returns the files of all shards in the directory, ordered by rank. Throws
// Error(bad_input) if their number is not the one in their names.
std::vector<fs::path> find_shards(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with(kFilePrefix)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty() ||
      files.front() != shard_path(directory, 0, std::ssize(files))) {
    throw base::input_error(
        "{}: found {} optimizer shards: the set is incomplete",
        directory.string(), files.size());
  }
  return files;
}

FlatSlice parameter_range(const model::Network& network, size_t i) {
  return {network.parameter_offset(i),
          network.parameter_offset(i) + network.parameters()[i].value.numel()};
}

// Returns the range of the flat buffer that the tensor `name` of a file
// contains; an empty range if the file does not have the tensor. `range`
// is that of its parameter.
FlatSlice stored_range(const data::SafetensorsHeader& header,
                       const std::string& name, const std::string& parameter,
                       const FlatSlice& range, const fs::path& path) {
  const auto entry = std::ranges::find(header.tensors, name,
                                       &data::SafetensorsTensorInfo::name);
  if (entry == header.tensors.end()) {
    return {};
  }
  int64_t first = 0;
  if (const auto found = header.metadata.find(parameter);
      found != header.metadata.end()) {
    first =
        base::parse_number<int64_t>(found->second, path.string() + ": metadata",
                                    base::ExitStatus::bad_input);
  }
  const auto size = static_cast<int64_t>((entry->end - entry->begin) / 4);
  if (entry->dtype != "F32" || first < 0 || size > range.size() - first) {
    throw base::input_error("{}: tensor {} does not match the network",
                            path.string(), name);
  }
  return {range.begin + first, range.begin + first + size};
}

class MomentsReader {
 public:
  MomentsReader(const fs::path& directory, const model::Network& network,
                OptimizerState& optimizer)
      : directory_(directory), network_(network), optimizer_(optimizer) {}

  void read() {
    for (const fs::path& path : find_shards(directory_)) {
      read_shard(path);
    }
    check_complete(first_moment_ranges_);
    check_complete(second_moment_ranges_);
  }

 private:
  void read_shard(const fs::path& path) {
    std::ifstream file;
    const data::SafetensorsHeader header =
        data::read_safetensors_header(path, file);
    model::Safetensors saved;  // read when the first overlap is found
    for (size_t i = 0; i < network_.parameters().size(); ++i) {
      const std::string& parameter = network_.parameters()[i].name;
      const auto read_overlap = [&](const char* suffix, at::Tensor& moments,
                                    std::vector<FlatSlice>& ranges_read) {
        const std::string name = parameter + suffix;
        const FlatSlice part = stored_range(header, name, parameter,
                                            parameter_range(network_, i), path);
        const FlatSlice wanted = intersection(part, optimizer_.slice);
        if (wanted.size() <= 0) {
          return;
        }
        if (saved.tensors.empty()) {
          saved = model::read_safetensors(path);
        }
        moments.narrow(0, wanted.begin - optimizer_.slice.begin, wanted.size())
            .copy_(saved.tensors.at(name).flatten().narrow(
                0, wanted.begin - part.begin, wanted.size()));
        ranges_read.push_back(wanted);
      };
      read_overlap(kMeanSuffix, optimizer_.first_moment, first_moment_ranges_);
      read_overlap(kSquareSuffix, optimizer_.second_moment,
                   second_moment_ranges_);
    }
  }

  // Throws unless every value of the slice was read exactly once.
  void check_complete(std::vector<FlatSlice>& ranges_read) const {
    std::ranges::sort(ranges_read, {}, &FlatSlice::begin);
    int64_t next = optimizer_.slice.begin;
    for (const FlatSlice& part : ranges_read) {
      if (part.begin != next) {
        break;
      }
      next = part.end;
    }
    if (next == optimizer_.slice.end) {
      return;
    }
    throw base::input_error(
        "{}: the optimizer shards do not contain each moment exactly once",
        directory_.string());
  }

  const fs::path& directory_;
  const model::Network& network_;
  OptimizerState& optimizer_;
  std::vector<FlatSlice> first_moment_ranges_,
      second_moment_ranges_;  // parts that were read
};

}  // namespace

void write_moments(const fs::path& directory, const model::Network& network,
                   const OptimizerState& optimizer, int64_t rank,
                   int64_t world_size) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  model::SafetensorsMetadata metadata;
  for (size_t i = 0; i < network.parameters().size(); ++i) {
    const model::Parameter& parameter = network.parameters()[i];
    const FlatSlice range = parameter_range(network, i);
    const FlatSlice part = intersection(range, optimizer.slice);
    if (part.size() <= 0) {
      continue;
    }
    const bool is_entire = part.size() == range.size();
    if (!is_entire) {
      metadata[parameter.name] = std::to_string(part.begin - range.begin);
    }
    const auto add = [&](const char* suffix, const at::Tensor& moments) {
      const at::Tensor values =
          moments.narrow(0, part.begin - optimizer.slice.begin, part.size());
      tensors.emplace_back(
          parameter.name + suffix,
          is_entire ? values.view(parameter.value.sizes()) : values);
    };
    add(kMeanSuffix, optimizer.first_moment);
    add(kSquareSuffix, optimizer.second_moment);
  }
  model::write_safetensors(shard_path(directory, rank, world_size), tensors,
                           metadata);
}

void read_moments(const fs::path& directory, const model::Network& network,
                  OptimizerState& optimizer) {
  MomentsReader(directory, network, optimizer).read();
}

}  // namespace gato::train

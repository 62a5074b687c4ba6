#include "gato/data/hdf5/hdf5_unwritten.h"

#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

namespace gato::data::hdf5 {
namespace {

// The unwritten chunks found so far.
struct Registry {
  std::mutex mutex;
  // "DATASET: 2 of 4 chunks" by the label of the dataset that was opened, which
  // begins with the path of its file.
  std::map<std::string, std::string> by_label;
  std::set<std::string> reported_files;
};

Registry& registry() {
  static Registry registry;
  return registry;
}

thread_local std::string owner_label;

void note(const Dataset& dataset, std::string_view what) {
  const std::string& owner =
      owner_label.empty() ? dataset.label() : owner_label;
  const std::lock_guard lock(registry().mutex);
  registry().by_label.emplace(owner,
                              fmt::format("{}: {}", dataset.label(), what));
}

int64_t chunk_count(const Dataset& dataset, const Handle& creation) {
  const std::vector<int64_t>& shape = dataset.shape();
  std::vector<hsize_t> chunk(shape.size());
  if (H5Pget_chunk(creation.id(), static_cast<int>(chunk.size()),
                   chunk.data()) < 0) {
    return 0;
  }
  int64_t count = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    const auto extent = static_cast<int64_t>(chunk[axis]);
    if (extent < 1) {
      return 0;
    }
    count *= (shape[axis] - 1) / extent + 1;
  }
  return count;
}

}  // namespace

void note_unwritten_elements(const Dataset& dataset) {
  const int64_t elements = element_count(dataset.shape());
  if (elements == 0) {
    return;
  }
  const Handle creation(H5Dget_create_plist(dataset.id()));
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (layout == H5D_CHUNKED) {
    const Handle space(H5Dget_space(dataset.id()));
    hsize_t stored = 0;
    const int64_t chunks = chunk_count(dataset, creation);
    if (H5Dget_num_chunks(dataset.id(), space.id(), &stored) >= 0 &&
        static_cast<int64_t>(stored) < chunks) {
      note(dataset, fmt::format("{} of {} chunks",
                                chunks - static_cast<int64_t>(stored), chunks));
    }
  } else if (layout == H5D_CONTIGUOUS &&
             H5Pget_external_count(creation.id()) <= 0 &&
             H5Dget_storage_size(dataset.id()) == 0) {
    note(dataset, fmt::format("all {} elements", elements));
  }
  H5Eclear2(H5E_DEFAULT);
}

void note_unmapped_elements(const Dataset& dataset, int64_t elements) {
  note(dataset, fmt::format("{} of {} elements, to which no source is mapped,",
                            elements, element_count(dataset.shape())));
}

UnwrittenElementsOwner::UnwrittenElementsOwner(const Dataset& dataset)
    : is_outermost_(owner_label.empty()) {
  if (is_outermost_) {
    owner_label = dataset.label();
  }
}

UnwrittenElementsOwner::~UnwrittenElementsOwner() {
  if (is_outermost_) {
    owner_label.clear();
  }
}

std::optional<std::string> take_unwritten_warning(const std::string& file) {
  const std::lock_guard lock(registry().mutex);
  const auto& by_label = registry().by_label;
  std::string first;
  int64_t datasets = 0;
  for (auto found = by_label.lower_bound(file);
       found != by_label.end() && found->first.starts_with(file); ++found) {
    // A label is "FILE: NAME" or "FILE/GROUP: NAME".
    const char next =
        found->first.size() > file.size() ? found->first[file.size()] : '\0';
    if ((next == ':' || next == '/') && datasets++ == 0) {
      first = found->second;
    }
  }
  if (datasets == 0 || !registry().reported_files.insert(file).second) {
    return std::nullopt;
  }
  if (first.starts_with(file)) {
    first.erase(0, first.find_first_not_of(":/ ", file.size()));
  }
  return fmt::format(
      "{} were never written and are read as fill values, usually zeros{}: the "
      "file may be incomplete",
      first,
      datasets == 1 ? ""
                    : fmt::format(", and so are parts of {} more datasets",
                                  datasets - 1));
}

}  // namespace gato::data::hdf5

// Groups: lookup, creation, and convenience functions for small datasets.
#include <algorithm>
#include <cmath>

#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/hdf5/hdf5_errors.h"
#include "gato/data/hdf5/hdf5_sources.h"
#include "gato/data/hdf5/hdf5_unwritten.h"

namespace gato::data::hdf5 {
namespace {

// Makes room for the chunks that contain one row, and for those of the next row
// of chunks, because a slice may extend into it.
void set_chunk_cache(const Dataset& dataset, hid_t creation, hid_t access) {
  constexpr double kMinBytes = 1 << 20, kMaxBytes = 64 << 20;
  constexpr size_t kHashSlots = 12421;  // a prime, as the library recommends
  const size_t rank = dataset.shape().size();
  std::vector<hsize_t> chunk(rank);
  H5Pget_chunk(creation, static_cast<int>(rank), chunk.data());
  auto bytes = static_cast<double>(H5Tget_size(dataset.type().id()));
  for (size_t axis = 0; axis < rank; ++axis) {
    const auto side = static_cast<double>(chunk[axis]);
    const auto extent = static_cast<double>(dataset.shape()[axis]);
    bytes *= axis == 0 ? side : std::ceil(extent / side) * side;
  }
  H5Pset_chunk_cache(
      access, kHashSlots,
      static_cast<size_t>(std::clamp(2 * bytes, kMinBytes, kMaxBytes)),
      H5D_CHUNK_CACHE_W0_DEFAULT);
}

// Returns false if there is no link `path`, or one that cannot be followed.
// Requires that all groups of the path but the last one exist.
bool exists_in(const Group& group, const std::string& path) {
  const bool exists =
      H5Lexists(group.id(), path.c_str(), H5P_DEFAULT) > 0 &&
      H5Oexists_by_name(group.id(), path.c_str(), H5P_DEFAULT) > 0;
  H5Eclear2(H5E_DEFAULT);
  return exists;
}

// Links can make a group its own descendant.
constexpr int kMaxGroupDepth = 10;

void collect_dataset_paths(const Group& group, const std::string& prefix,
                           int depth, std::vector<std::string>& paths) {
  if (depth > kMaxGroupDepth) {
    throw base::input_error("{}: groups are nested more than {} levels deep",
                            group.label(), kMaxGroupDepth);
  }
  for (const std::string& name : group.child_names()) {
    // A broken link is listed as a dataset: its error is thrown when it is
    // opened.
    if (exists_in(group, name) && group.is_group(name)) {
      collect_dataset_paths(group.group(name),
                            fmt::format("{}{}/", prefix, name), depth + 1,
                            paths);
    } else {
      paths.push_back(prefix + name);
    }
  }
}

}  // namespace

bool Group::has(const std::string& name) const {
  // H5Lexists() fails unless all objects but the last one exist, so the path is
  // checked from its start.
  bool exists = true;
  for (size_t end = name.find('/', 1); exists; end = name.find('/', end + 1)) {
    const std::string path = name.substr(0, end);
    exists = H5Lexists(id(), path.c_str(), H5P_DEFAULT) > 0;
    if (exists && !exists_in(*this, path)) {
      throw_broken_link(*this, path);
    }
    if (end == std::string::npos) {
      break;
    }
  }
  H5Eclear2(H5E_DEFAULT);
  return exists;
}

bool Group::is_group(const std::string& name) const {
  if (!has(name)) {
    return false;
  }
  H5O_info_t info;
  if (H5Oget_info_by_name2(id(), name.c_str(), &info, H5O_INFO_BASIC,
                           H5P_DEFAULT) < 0) {
    throw open_error(fmt::format("{}: {}", label_, name));
  }
  return info.type == H5O_TYPE_GROUP;
}

std::vector<std::string> Group::child_names() const {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*,
                      void* into) -> herr_t {
    static_cast<std::vector<std::string>*>(into)->emplace_back(name);
    return 0;
  };
  if (H5Literate(id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names) < 0) {
    throw base::input_error("{}: cannot list the group: {}", label_,
                            last_error_message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Group Group::group(const std::string& name) const {
  if (!is_group(name)) {
    throw base::input_error("{}: there is no group \"{}\"", label_, name);
  }
  Handle group(H5Gopen2(id(), name.c_str(), H5P_DEFAULT));
  if (!group.is_valid()) {
    throw open_error(fmt::format("{}: {}", label_, name));
  }
  return Group(std::move(group), fmt::format("{}/{}", label_, name));
}

Dataset Group::dataset(const std::string& name) const {
  return open_dataset(name, H5P_DEFAULT);
}

Dataset Group::open_dataset(const std::string& name, hid_t access) const {
  if (!has(name)) {
    throw base::input_error("{}: there is no dataset \"{}\"", label_, name);
  }
  const std::string label = fmt::format("{}: {}", label_, name);
  const auto open = [&](hid_t properties) {
    Handle dataset(H5Dopen2(id(), name.c_str(), properties));
    if (!dataset.is_valid()) {
      throw open_error(label);
    }
    return Dataset(std::move(dataset), label);
  };
  Dataset dataset = open(access);
  if (const Handle properties = source_access_properties(dataset);
      properties.is_valid()) {
    // It must be closed first; see sequential_dataset().
    dataset = Dataset();
    dataset = open(properties.id());
  }
  check_sources(dataset);
  note_unwritten_elements(dataset);
  return dataset;
}

Dataset Group::sequential_dataset(const std::string& name) const {
  Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  {
    // An open dataset keeps the chunk cache that it was first opened with, so
    // it must be closed before it is opened with another cache.
    const Dataset dataset = this->dataset(name);
    const Handle creation(H5Dget_create_plist(dataset.id()));
    if (H5Pget_layout(creation.id()) == H5D_CHUNKED) {
      set_chunk_cache(dataset, creation.id(), access.id());
    }
  }
  return open_dataset(name, access.id());
}

std::vector<std::string> Group::dataset_paths() const {
  std::vector<std::string> paths;
  collect_dataset_paths(*this, "", 1, paths);
  return paths;
}

Group Group::create_group(const std::string& name) {
  const Handle creation = creation_properties(H5P_GROUP_CREATE);
  Handle group(
      H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, creation.id(), H5P_DEFAULT));
  if (!group.is_valid()) {
    throw write_error(label_);
  }
  return Group(std::move(group), label_);
}

Group Group::get_or_create_group(const std::string& name) {
  return is_group(name) ? group(name) : create_group(name);
}

Dataset Group::create_dataset(const std::string& name, hid_t type,
                              const std::vector<int64_t>& shape) {
  const Handle creation = creation_properties(H5P_DATASET_CREATE);
  H5Pset_layout(creation.id(), H5D_CONTIGUOUS);
  H5Pset_fill_time(creation.id(), H5D_FILL_TIME_IFSET);
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle space(extents.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(extents.size()),
                                            extents.data(), nullptr));
  Handle dataset(H5Dcreate2(id(), name.c_str(), type, space.id(), H5P_DEFAULT,
                            creation.id(), H5P_DEFAULT));
  if (!dataset.is_valid()) {
    throw write_error(label_);
  }
  return Dataset(std::move(dataset), label_);
}

void Group::write_array(const std::string& name, const Array& array) {
  const Handle type = file_type(array.dtype);
  Dataset dataset = create_dataset(name, type.id(), array.shape);
  if (array.size() > 0) {
    dataset.write(type.id(), 0, dataset.row_count(), array.bytes.data());
  }
}

void Group::write_text(const std::string& name, const std::string& text) {
  const Handle type = text_type();
  Dataset dataset = create_dataset(name, type.id(), {});
  const char* const pointer = text.c_str();
  dataset.write(type.id(), 0, 1, &pointer);
}

void Group::write_texts(const std::string& name,
                        const std::vector<std::string>& texts) {
  const Handle type = text_type();
  const auto count = std::ssize(texts);
  Dataset dataset = create_dataset(name, type.id(), {count});
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const auto& text : texts) {
    pointers.push_back(text.c_str());
  }
  if (count > 0) {
    dataset.write(type.id(), 0, count, pointers.data());
  }
}

void Group::create_hard_link(const std::string& target,
                             const std::string& name) {
  if (H5Lcreate_hard(id(), target.c_str(), id(), name.c_str(), H5P_DEFAULT,
                     H5P_DEFAULT) < 0) {
    throw write_error(label_);
  }
}

std::string Group::read_text(const std::string& name) const {
  auto texts = dataset(name).read_texts();
  if (texts.size() != 1) {
    throw base::input_error("{}: \"{}\" contains {} strings instead of one",
                            label_, name, texts.size());
  }
  return std::move(texts[0]);
}

}  // namespace gato::data::hdf5

// Each source is opened once and closed again before the library opens it.
// Elements of a virtual dataset that no source is mapped to are fill values by
// design: they are not rejected, but there is a warning.
//
// A mapping of unlimited size ends with its source. A virtual dataset is as
// long as its longest source, so that the others must be as long. In a mapping
// whose names contain "%b", block b is in the source of that number. Such a
// dataset ends before the first of a series of missing sources, so that the
// sources are required up to the shape that the file declares, too.
#include "gato/data/hdf5/hdf5_virtual_sources.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "gato/base/error.h"
#include "gato/data/hdf5/hdf5_file_search.h"
#include "gato/data/hdf5/hdf5_unwritten.h"

namespace gato::data::hdf5 {
namespace {

namespace fs = std::filesystem;

// The number of missing files after which the library stops searching for
// numbered sources. With its default of 0, a missing file hides all later ones.
constexpr hsize_t kPrintfGap = 100;
// Files that are open for other reasons.
constexpr rlim_t kOtherOpenFiles = 64;

// Returns `name` with "%b" replaced by the number of a block and "%%" by "%".
std::string source_name(const std::string& name, int64_t block) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 1 < name.size() && name[i + 1] == 'b') {
      result += std::to_string(block);
      ++i;
    } else {
      result += name[i];
      i += static_cast<size_t>(name[i] == '%' && i + 1 < name.size() &&
                               name[i + 1] == '%');
    }
  }
  return result;
}

bool is_numbered(const std::string& name) {
  return source_name(name, 0) != source_name(name, 1);
}

// A hyperslab that is regular along every axis.
struct RegularSelection {
  std::vector<hsize_t> start, stride, count, block;

  explicit RegularSelection(const Handle& space)
      : start(rank_of(space)),
        stride(start.size()),
        count(start.size()),
        block(start.size()) {
    is_regular_ =
        H5Sget_regular_hyperslab(space.id(), start.data(), stride.data(),
                                 count.data(), block.data()) >= 0;
    H5Eclear2(H5E_DEFAULT);
  }
  static size_t rank_of(const Handle& space) {
    return static_cast<size_t>(
        std::max(0, H5Sget_simple_extent_ndims(space.id())));
  }
  // Returns the axis that is selected without end, or -1.
  int unlimited_axis() const {
    for (size_t axis = 0; is_regular_ && axis < start.size(); ++axis) {
      if (count[axis] == H5S_UNLIMITED || block[axis] == H5S_UNLIMITED) {
        return static_cast<int>(axis);
      }
    }
    return -1;
  }
  // Returns how many blocks begin before the end of an axis.
  hsize_t blocks_within(size_t axis, hsize_t extent) const {
    if (extent <= start[axis]) {
      return 0;
    }
    return (extent - start[axis] - 1) / stride[axis] + 1;
  }
  // Returns how many elements one block of the unlimited axis contains.
  hsize_t elements_per_block() const {
    hsize_t elements = 1;
    for (size_t axis = 0; axis < start.size(); ++axis) {
      elements *=
          block[axis] * (count[axis] == H5S_UNLIMITED ? 1 : count[axis]);
    }
    return elements;
  }
  // Returns how many elements are selected in an array of this shape.
  hsize_t elements_within(const std::vector<int64_t>& shape) const {
    hsize_t elements = 1;
    for (size_t axis = 0; axis < start.size(); ++axis) {
      const auto extent = static_cast<hsize_t>(shape[axis]);
      if (count[axis] != H5S_UNLIMITED && block[axis] != H5S_UNLIMITED) {
        elements *= count[axis] * block[axis];
      } else if (extent <= start[axis]) {
        return 0;
      } else if (block[axis] == H5S_UNLIMITED) {
        elements *= extent - start[axis];
      } else {
        const hsize_t blocks = blocks_within(axis, extent);
        const hsize_t last = start[axis] + (blocks - 1) * stride[axis];
        elements *=
            (blocks - 1) * block[axis] + std::min(block[axis], extent - last);
      }
    }
    return elements;
  }

 private:
  bool is_regular_ = false;
};

// Returns an extent of the virtual dataset as the file declares it: unlike the
// extent of the open dataset, that of a mapping does not depend on which
// sources exist.
hsize_t declared_extent(const Handle& mapping_space, size_t axis) {
  const int rank = H5Sget_simple_extent_ndims(mapping_space.id());
  std::vector<hsize_t> extents(static_cast<size_t>(std::max(rank, 0)));
  if (axis >= extents.size() ||
      H5Sget_simple_extent_dims(mapping_space.id(), extents.data(), nullptr) <
          0) {
    return 0;
  }
  return extents[axis];
}

bool is_within_shape(const Handle& space, const std::vector<int64_t>& shape) {
  const int rank = H5Sget_simple_extent_ndims(space.id());
  std::vector<hsize_t> start(shape.size()), end(shape.size());
  if (rank != static_cast<int>(shape.size()) ||
      H5Sget_select_bounds(space.id(), start.data(), end.data()) < 0) {
    return false;
  }
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (end[axis] >= static_cast<hsize_t>(shape[axis])) {
      return false;
    }
  }
  return true;
}

// Throws Error(bad_input) unless the source contains the selection, which is
// mapped to `elements` elements. A selection of the entire source has no
// extent.
void check_selection(const Handle& space, hsize_t elements,
                     const Dataset& source) {
  const std::vector<int64_t>& shape = source.shape();
  const bool fits = H5Sget_select_type(space.id()) == H5S_SEL_ALL
                        ? static_cast<hsize_t>(element_count(shape)) == elements
                        : elements == 0 || is_within_shape(space, shape);
  H5Eclear2(H5E_DEFAULT);
  if (!fits) {
    throw base::input_error(
        "{}: the shape is [{}], which does not fit the part that the virtual "
        "dataset reads: the source has changed; write the virtual dataset "
        "again",
        source.label(), fmt::join(shape, ", "));
  }
}

// Raises the limit on open files so that this process can open `count` more.
// Throws Error(io) if that is not permitted: the library reads fill values if
// it cannot open a source.
void require_open_files(size_t count) {
  rlimit limit{};
  const rlim_t wanted = count + kOtherOpenFiles;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
    return;
  }
  limit.rlim_cur = std::min(limit.rlim_max, 2 * wanted);
  if (limit.rlim_cur < wanted || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw base::io_error(
        "the sources are {} files, more than a process may open ({}): raise "
        "the limit with ulimit -n",
        count, limit.rlim_max);
  }
}

// The sources of one virtual dataset.
class VirtualSources {
 public:
  explicit VirtualSources(const Dataset& dataset)
      : dataset_(dataset),
        creation_(H5Dget_create_plist(dataset.id())),
        file_(containing_file(dataset.id())) {}

  void check() {
    size_t count = 0;
    if (H5Pget_virtual_count(creation_.id(), &count) < 0) {
      throw base::input_error("the list of sources is corrupt");
    }
    for (size_t i = 0; i < count; ++i) {
      check_mapping(i);
    }
    require_open_files(files_.size());
    const int64_t unmapped = element_count(dataset_.shape()) - mapped_elements_;
    if (unmapped > 0 && !is_unlimited_) {
      note_unmapped_elements(dataset_, unmapped);
    }
  }

 private:
  template <class Get>
  std::string mapping_name(size_t i, Get get) const {
    const ssize_t size = get(creation_.id(), i, nullptr, 0);
    std::string name(static_cast<size_t>(std::max<ssize_t>(size, 0)), '\0');
    get(creation_.id(), i, name.data(), name.size() + 1);
    return name;
  }

  void check_mapping(size_t i) {
    const std::string file = mapping_name(i, H5Pget_virtual_filename);
    const std::string name = mapping_name(i, H5Pget_virtual_dsetname);
    const Handle source_space(H5Pget_virtual_srcspace(creation_.id(), i));
    const Handle space(H5Pget_virtual_vspace(creation_.id(), i));
    const RegularSelection selection(space);
    const int axis = selection.unlimited_axis();
    if (axis >= 0) {
      is_unlimited_ = true;
    } else {
      mapped_elements_ += H5Sget_select_npoints(space.id());
    }
    if (axis >= 0 && (is_numbered(file) || is_numbered(name))) {
      const auto axis_index = static_cast<size_t>(axis);
      const hsize_t blocks = selection.blocks_within(
          axis_index,
          std::max(declared_extent(space, axis_index),
                   static_cast<hsize_t>(dataset_.shape()[axis_index])));
      // The first one must exist, or the dataset would be empty.
      for (hsize_t b = 0; b < std::max<hsize_t>(blocks, 1); ++b) {
        const auto block = static_cast<int64_t>(b);
        check_selection(
            source_space, selection.elements_per_block(),
            open_source(source_name(file, block), source_name(name, block)));
      }
      return;
    }
    const Dataset source =
        open_source(source_name(file, 0), source_name(name, 0));
    const RegularSelection source_selection(source_space);
    if (source_selection.unlimited_axis() < 0) {
      check_selection(source_space,
                      static_cast<hsize_t>(H5Sget_select_npoints(space.id())),
                      source);
      return;
    }
    if (source.shape().size() != source_selection.start.size() ||
        source_selection.elements_within(source.shape()) <
            selection.elements_within(dataset_.shape())) {
      throw base::input_error(
          "{}: the shape is [{}], which is smaller than the part that is read: "
          "sources that grow must have the same length",
          source.label(), fmt::join(source.shape(), ", "));
    }
  }

  Dataset open_source(const std::string& file, const std::string& name) {
    Dataset source = open_unchecked_source(file, name);
    source.check_claimed_size();
    return source;
  }

  Dataset open_unchecked_source(const std::string& file,
                                const std::string& name) {
    // A dataset of the same file.
    if (file == ".") {
      const Group root(Handle(H5Iget_file_id(dataset_.id())), file_.string());
      return root.dataset(name);
    }
    if (file != open_name_) {
      open_file_ = Group();
      const fs::path path = find_file(file_, file, "HDF5_VDS_PREFIX");
      open_file_ = open_file(path);
      open_name_ = file;
      files_.insert(path);
    }
    return open_file_.dataset(name);
  }

  const Dataset& dataset_;
  Handle creation_;
  fs::path file_;
  // The source file that was opened last; many mappings may share it.
  std::string open_name_;
  Group open_file_;
  std::set<fs::path> files_;
  // Counts the elements of mappings with an end. Overlaps count twice.
  int64_t mapped_elements_ = 0;
  bool is_unlimited_ = false;  // whether there are others
};

}  // namespace

Handle virtual_access_properties() {
  Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  H5Pset_virtual_printf_gap(access.id(), kPrintfGap);
  return access;
}

void check_virtual_sources(const Dataset& dataset) {
  VirtualSources(dataset).check();
}

}  // namespace gato::data::hdf5

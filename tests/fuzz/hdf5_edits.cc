#include "fuzz/hdf5_edits.h"

// An edit chooses one of the objects and attributes of the file and one of four
// changes. Everything is decided by the bytes of the input, so that a finding
// can be reproduced. Edits that libhdf5 refuses are ignored.

#include <array>
#include <fstream>
#include <functional>
#include <span>
#include <vector>

#include "gato/data/hdf5/hdf5.h"

namespace gato::fuzz {
namespace {

using data::hdf5::Handle;

// An object or an attribute that can be edited.
struct Target {
  std::string object;     // path of the object
  std::string attribute;  // empty for the object itself
  bool is_dataset = false;
};

herr_t add_attribute(hid_t, const char* name, const H5A_info_t*, void* into) {
  auto& targets = *static_cast<std::vector<Target>*>(into);
  // The last target is the object that is being visited.
  Target target = targets.back();
  target.attribute = name;
  targets.insert(targets.end() - 1, target);
  return 0;
}

herr_t add_object(hid_t root, const char* name, const H5O_info_t* info,
                  void* into) {
  auto& targets = *static_cast<std::vector<Target>*>(into);
  targets.push_back({name, "", info->type == H5O_TYPE_DATASET});
  const Handle object(H5Oopen(root, name, H5P_DEFAULT));
  H5Aiterate2(object.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_attribute,
              into);
  return 0;
}

class Editor {
 public:
  Editor(hid_t file, FuzzedDataProvider& input) : file_(file), input_(input) {
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, add_object, &targets_,
              H5O_INFO_BASIC);
  }

  void edit() {
    const Target target =
        targets_[input_.ConsumeIntegralInRange<size_t>(0, targets_.size() - 1)];
    const auto kind = input_.ConsumeIntegralInRange(0, 3);
    if (!target.attribute.empty()) {
      edit_attribute(target, kind);
    } else if (target.is_dataset && kind == 0) {
      overwrite(target);
    } else if (kind <= 1) {
      H5Ldelete(file_, target.object.c_str(), H5P_DEFAULT);
      create_dataset(target.object);
    } else if (kind == 2) {
      H5Ldelete(file_, target.object.c_str(), H5P_DEFAULT);
    } else {
      const auto other = input_.ConsumeRandomLengthString(24);
      H5Lmove(file_, target.object.c_str(), file_, other.c_str(), H5P_DEFAULT,
              H5P_DEFAULT);
    }
  }

 private:
  // Replaces some bytes of the dataset's elements by bytes of the input.
  void overwrite(const Target& target) {
    const Handle dataset(H5Dopen2(file_, target.object.c_str(), H5P_DEFAULT));
    const Handle type(H5Dget_type(dataset.id()));
    const Handle space(H5Dget_space(dataset.id()));
    if (H5Tget_class(type.id()) == H5T_VLEN) {
      overwrite_sequence(dataset.id(), space.id());
      return;
    }
    if (H5Tdetect_class(type.id(), H5T_VLEN) > 0 ||
        H5Tis_variable_str(type.id()) > 0) {
      return;
    }
    // Negative if an earlier edit removed the dataset, and of any size if one
    // replaced it.
    constexpr size_t kMaxBytes = size_t{1} << 24;
    const hssize_t count = H5Sget_simple_extent_npoints(space.id());
    const size_t size = H5Tget_size(type.id());
    if (count <= 0 || size == 0 ||
        size > kMaxBytes / static_cast<size_t>(count)) {
      return;
    }
    std::vector<uint8_t> values(static_cast<size_t>(count) * size);
    if (H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                values.data()) < 0) {
      return;
    }
    overwrite_part(values);
    H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
             values.data());
  }

  // Replaces up to 32 bytes.
  void overwrite_part(std::span<uint8_t> values) {
    const auto first =
        input_.ConsumeIntegralInRange<size_t>(0, values.size() - 1);
    input_.ConsumeData(&values[first],
                       std::min(values.size() - first,
                                input_.ConsumeIntegralInRange<size_t>(1, 32)));
  }

  // Overwrites a part of one sequence of bytes, or truncates it.
  void overwrite_sequence(hid_t dataset, hid_t space) {
    const auto count = H5Sget_simple_extent_npoints(space);
    const Handle type(H5Tvlen_create(H5T_NATIVE_UINT8));
    std::vector<hvl_t> sequences(count > 0 ? static_cast<size_t>(count) : 0);
    if (sequences.empty() || H5Dread(dataset, type.id(), H5S_ALL, H5S_ALL,
                                     H5P_DEFAULT, sequences.data()) < 0) {
      return;
    }
    const size_t chosen =
        input_.ConsumeIntegralInRange<size_t>(0, sequences.size() - 1);
    hvl_t& bytes = sequences[chosen];
    const size_t length = bytes.len;
    if (length > 0 && input_.ConsumeBool()) {
      overwrite_part({static_cast<uint8_t*>(bytes.p), length});
    } else {
      bytes.len = input_.ConsumeIntegralInRange<size_t>(0, length);
    }
    H5Dwrite(dataset, type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
             sequences.data());
    H5Dvlen_reclaim(type.id(), space, H5P_DEFAULT, sequences.data());
  }

  void edit_attribute(const Target& target, int kind) {
    const Handle object(H5Oopen(file_, target.object.c_str(), H5P_DEFAULT));
    if (!object.is_valid()) {
      return;
    }
    H5Adelete(object.id(), target.attribute.c_str());
    if (kind == 0) {
      return;
    }
    const Handle type = any_type();
    const Handle space = any_space(2, 4);
    const Handle attribute(H5Acreate2(object.id(), target.attribute.c_str(),
                                      type.id(), space.id(), H5P_DEFAULT,
                                      H5P_DEFAULT));
    if (!attribute.is_valid()) {
      return;
    }
    with_values(type.id(), space.id(), [&](const void* values) {
      H5Awrite(attribute.id(), type.id(), values);
    });
  }

  void create_dataset(const std::string& name) {
    const Handle type = any_type();
    const bool is_huge = input_.ConsumeIntegralInRange(0, 15) == 0;
    const Handle space = any_space(5, is_huge ? int64_t{1} << 62 : 40);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    const int rank = H5Sget_simple_extent_ndims(space.id());
    if (rank > 0 && (is_huge || input_.ConsumeBool())) {
      const std::vector<hsize_t> chunk(static_cast<size_t>(rank), 3);
      H5Pset_chunk(creation.id(), rank, chunk.data());
    }
    const Handle links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.id(), 1);
    const Handle dataset(H5Dcreate2(file_, name.c_str(), type.id(), space.id(),
                                    links.id(), creation.id(), H5P_DEFAULT));
    if (!dataset.is_valid() || is_huge) {
      return;
    }
    with_values(type.id(), space.id(), [&](const void* values) {
      H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    });
  }

  Handle any_type() {
    const std::array plain{H5T_STD_I8LE,   H5T_STD_U8LE,  H5T_STD_I16LE,
                           H5T_STD_U16BE,  H5T_STD_I32LE, H5T_STD_U32LE,
                           H5T_STD_I64LE,  H5T_STD_U64LE, H5T_IEEE_F32LE,
                           H5T_IEEE_F64LE, H5T_STD_B16LE, H5T_STD_REF_OBJ};
    const auto choice = input_.ConsumeIntegralInRange<size_t>(0, 17);
    if (choice < plain.size()) {
      return Handle(H5Tcopy(plain[choice]));
    }
    switch (choice) {
      case 12:
        return data::hdf5::text_type();
      case 13: {
        Handle text(H5Tcopy(H5T_C_S1));
        H5Tset_size(text.id(), input_.ConsumeIntegralInRange<size_t>(1, 40));
        return text;
      }
      case 14:
        return Handle(H5Tvlen_create(H5T_NATIVE_UINT8));
      case 15:
        return Handle(H5Tvlen_create(H5T_NATIVE_DOUBLE));
      case 16:
        return data::hdf5::file_type(data::DType::boolean);
      default: {
        Handle pair(H5Tcreate(H5T_COMPOUND, 8));
        H5Tinsert(pair.id(), "a", 0, H5T_NATIVE_INT32);
        H5Tinsert(pair.id(), "b", 4, H5T_NATIVE_FLOAT);
        return pair;
      }
    }
  }

  Handle any_space(int max_rank, int64_t max_rows) {
    const int rank = input_.ConsumeIntegralInRange(-1, max_rank);
    if (rank < 0) {
      return Handle(H5Screate(H5S_NULL));
    }
    if (rank == 0) {
      return Handle(H5Screate(H5S_SCALAR));
    }
    std::vector<hsize_t> extents(static_cast<size_t>(rank));
    for (size_t i = 0; i < extents.size(); ++i) {
      extents[i] = input_.ConsumeIntegralInRange<hsize_t>(
          0, static_cast<hsize_t>(i == 0 ? max_rows : 8));
    }
    return Handle(H5Screate_simple(rank, extents.data(), nullptr));
  }

  // Calls write(values) with elements of `type` whose values come from the
  // input.
  void with_values(hid_t type, hid_t space,
                   const std::function<void(const void*)>& write) {
    const auto count = static_cast<size_t>(H5Sget_simple_extent_npoints(space));
    if (count == 0 || count > 1 << 20) {
      return;
    }
    const std::string text = input_.ConsumeRandomLengthString(200);
    if (H5Tis_variable_str(type) > 0) {
      const std::vector<const char*> values(count, text.c_str());
      write(values.data());
    } else if (H5Tget_class(type) == H5T_VLEN) {
      std::string bytes = text;
      const size_t element = H5Tget_size(Handle(H5Tget_super(type)).id());
      const std::vector<hvl_t> values(count,
                                      {bytes.size() / element, bytes.data()});
      write(values.data());
    } else if (H5Tget_class(type) != H5T_REFERENCE) {
      std::string values(count * H5Tget_size(type), '\0');
      for (size_t i = 0; !text.empty() && i < values.size(); ++i) {
        values[i] = text[i % text.size()];
      }
      write(values.data());
    }
  }

  hid_t file_;
  FuzzedDataProvider& input_;
  std::vector<Target> targets_;
};

}  // namespace

void EditedFile::restore() const {
  std::ofstream(path(), std::ios::binary) << bytes_;
}

void EditedFile::edit(FuzzedDataProvider& input) {
  restore();
  FUZZ_REQUIRE(data::hdf5::is_hdf5(path()));  // also initializes libhdf5
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
  H5Pset_file_locking(access.id(), false, true);
  const Handle file(H5Fopen(path().c_str(), H5F_ACC_RDWR, access.id()));
  FUZZ_REQUIRE(file.is_valid());
  for (int n = input.ConsumeIntegralInRange(1, 4); n > 0; --n) {
    Editor(file.id(), input).edit();
  }
  H5Eclear2(H5E_DEFAULT);
}

}  // namespace gato::fuzz

// Attributes of groups. Readers return nullopt instead of throwing if a file of
// another writer lacks an attribute or stores it with another type.
#include <memory>

#include "gato/base/error.h"
#include "gato/base/hdf5_crash_handler.h"
#include "gato/data/hdf5/hdf5.h"
#include "gato/data/hdf5/hdf5_errors.h"
#include "gato/data/hdf5/hdf5_heap.h"

namespace gato::data::hdf5 {
namespace {

// Opens an attribute of a single element: a scalar or, as some old writers
// store it, an array. Returns an invalid handle for any other attribute. Throws
// Error(bad_input) if the library cannot open it.
Handle open_scalar_attribute(hid_t owner, const std::string& label,
                             const std::string& name) {
  Handle attribute(H5Aopen(owner, name.c_str(), H5P_DEFAULT));
  if (!attribute.is_valid()) {
    throw open_error(fmt::format("{}: attribute {}", label, name));
  }
  const Handle space(H5Aget_space(attribute.id()));
  if (H5Sget_simple_extent_npoints(space.id()) != 1) {
    return Handle();
  }
  return attribute;
}

base::Error read_error(const std::string& label, const std::string& name) {
  return base::input_error("{}: attribute {}: cannot read: {}", label, name,
                           last_error_message());
}

H5T_class_t type_class(const Handle& attribute) {
  const Handle type(H5Aget_type(attribute.id()));
  return H5Tget_class(type.id());
}

template <class T>
std::optional<T> read_numeric_attribute(const Group& group,
                                        const std::string& name) {
  if (!group.has_attribute(name)) {
    return std::nullopt;
  }
  const Handle attribute =
      open_scalar_attribute(group.id(), group.label(), name);
  if (!attribute.is_valid()) {
    return std::nullopt;
  }
  T value{};
  const H5T_class_t kind = type_class(attribute);
  if (kind == H5T_ENUM) {  // a boolean of h5py
    const Handle type(H5Aget_type(attribute.id()));
    int8_t flag = 0;
    if (H5Tget_size(type.id()) != 1 ||
        H5Aread(attribute.id(), type.id(), &flag) < 0) {
      return std::nullopt;
    }
    return static_cast<T>(flag);
  }
  const bool is_convertible =
      kind == H5T_INTEGER || (kind == H5T_FLOAT && std::is_floating_point_v<T>);
  if (!is_convertible ||
      H5Aread(attribute.id(), native_type<T>(), &value) < 0) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

bool Group::has_attribute(const std::string& name) const {
  const htri_t exists = H5Aexists(id(), name.c_str());
  if (exists < 0) {
    throw open_error(fmt::format("{}: attribute {}", label_, name));
  }
  return exists > 0;
}

std::optional<std::string> Group::text_attribute(
    const std::string& name) const {
  if (!has_attribute(name)) {
    return std::nullopt;
  }
  const Handle attribute = open_scalar_attribute(id(), label_, name);
  if (!attribute.is_valid() || type_class(attribute) != H5T_STRING) {
    return std::nullopt;
  }
  const Handle stored(H5Aget_type(attribute.id()));
  if (H5Tis_variable_str(stored.id()) > 0) {
    const Handle memory(H5Tcopy(stored.id()));
    char* text = nullptr;
    const base::Hdf5CallWatchdog watchdog;
    const HeapReferenceCheck check(attribute.id());
    if (H5Aread(attribute.id(), memory.id(), &text) < 0) {
      throw read_error(label_, name);
    }
    const std::unique_ptr<char, decltype(&H5free_memory)> owner(text,
                                                                &H5free_memory);
    return text == nullptr ? std::string() : std::string(text);
  }
  std::string text(H5Tget_size(stored.id()), '\0');
  if (H5Aread(attribute.id(), stored.id(), text.data()) < 0) {
    throw read_error(label_, name);
  }
  return std::string(without_padding(text, stored.id()));
}

std::optional<int64_t> Group::integer_attribute(const std::string& name) const {
  return read_numeric_attribute<int64_t>(*this, name);
}

std::optional<uint64_t> Group::uint64_attribute(const std::string& name) const {
  // Conversions saturate: read as unsigned, a negative value would become 0;
  // read as signed, a large one would become the largest int64.
  const auto value = integer_attribute(name);
  if (!value || *value < 0) {
    return value;
  }
  return read_numeric_attribute<uint64_t>(*this, name);
}

std::optional<double> Group::number_attribute(const std::string& name) const {
  return read_numeric_attribute<double>(*this, name);
}

void Group::write_scalar_attribute(const std::string& name, hid_t type,
                                   const void* value) {
  const Handle space(H5Screate(H5S_SCALAR));
  const Handle attribute(H5Acreate2(id(), name.c_str(), type, space.id(),
                                    H5P_DEFAULT, H5P_DEFAULT));
  if (!attribute.is_valid() || H5Awrite(attribute.id(), type, value) < 0) {
    throw write_error(label_);
  }
}

void Group::set_attribute(const std::string& name, const std::string& text) {
  const char* const pointer = text.c_str();
  write_scalar_attribute(name, text_type().id(), &pointer);
}

void Group::set_attribute(const std::string& name, bool value) {
  const auto flag = static_cast<int8_t>(value);
  write_scalar_attribute(name, file_type(DType::boolean).id(), &flag);
}

}  // namespace gato::data::hdf5

// What an environment observes and accepts, as Minari and the environment
// protocol describe it, flattened to named fields in token order.
//
// Between fields, named by joined paths, and the nested spaces they come from.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gato/data/array.h"

namespace gato::data {

struct NamedSpace;

// A gymnasium space, nested.
struct Space {
  enum class Kind {
    box,
    discrete,
    multi_discrete,
    multi_binary,
    text,
    dict,
    tuple,
  };
  Kind kind = Kind::box;
  DType dtype = DType::float64;
  std::vector<int64_t> shape;     // empty for discrete and text
  std::vector<double> low, high;  // box: element_count(shape) values each
  std::vector<int64_t> n, start;  // discrete: one; multi_*: one an element
  int64_t min_length = 0, max_length = 0;  // text
  std::string charset;                     // text
  std::vector<NamedSpace> children;        // of a dict or a tuple
};

struct NamedSpace {
  std::string name;  // a dict's key; "_index_i" in a tuple
  Space space;
};

// How a field becomes tokens, in the order of a time step.
enum class Role : uint8_t { text, image, discrete, continuous };
std::string_view role_name(Role role);
Role parse_role(std::string_view name);  // else Error usage

// Elements of a leaf: each has bounds of its own, whatever the text says of all
// of them in a word.
constexpr int64_t kMaxFieldElements = int64_t{1} << 25;

// One leaf of a space.
struct Field {
  std::string
      name;  // path joined with '/'; "observation" or "action" for a bare space
  Role role = Role::continuous;
  DType dtype = DType::float64;  // meaningless for text
  std::vector<int64_t> shape;    // of one time step
  std::vector<double> low,
      high;  // boxes: one an element, +-inf for none; else empty
  std::vector<int64_t> n, start;  // discrete kinds: one an element; else empty
  bool operator==(const Field&) const = default;
};

// The leaves of `space`, in token order: by role (text, image, discrete,
// continuous), and within a role by the bytes of the joined path, tuple members
// by number. `bare_name` names a space that is itself a leaf.
std::vector<Field> flatten_space(const Space& space,
                                 const std::string& bare_name);

// The role that a leaf has by itself: Text is text; the discrete kinds are
// discrete; uint8 of rank 2 to 4 with both sides >= 16 (channels last or first)
// is an image; integers with at most 1024 values are discrete; else continuous.
Role default_role(const Field& field, Space::Kind kind);

// The order of names within a role: bytes of the joined path, but tuple members
// ("_index_i") by number.
bool path_precedes(std::string_view a, std::string_view b);

// Puts fields into token order again, after roles were overridden.
void sort_fields(std::vector<Field>& fields);

// Gymnasium spaces as Minari serialises them. The text may hold Infinity and
// NaN. Unknown types are an Error (bad_input) that names the type.
Space space_from_json(const std::string& text);
std::string space_to_json(const Space& space);

// A field as in the environment protocol and in /tasks, plus "role".
// Unbounded elements are null.
nlohmann::json field_to_json(const Field& field);
Field field_from_json(const nlohmann::json& json);

// Whether HDF5 can have an object of this path: no part of it is empty, "." or
// "..", or holds a NUL.
bool is_valid_hdf5_path(std::string_view path);

// "a/b/c" as {"a", "b", "c"}.
std::vector<std::string> split_path(std::string_view path);

// True for a single field of that name: the space is the leaf itself.
bool is_bare_space(const std::vector<Field>& fields,
                   const std::string& bare_name);

// The inverse of flatten(). Text fields admit printable ASCII and `extra_text`
// and texts of up to `max_text_length` characters.
Space unflatten_space(const std::vector<Field>& fields,
                      const std::string& bare_name, int64_t max_text_length,
                      const std::string& extra_text);

}  // namespace gato::data

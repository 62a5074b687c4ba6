// Observation and action spaces as Minari and the environment protocol describe
// them, and their flattened form: a list of fields in token order, each named
// by its path in the nested space. Converts between the two forms and JSON.
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

// A Gymnasium space, which may be nested.
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
  std::vector<int64_t> n, start;  // discrete: one; multi_*: per element
  int64_t min_length = 0, max_length = 0;  // text
  std::string charset;                     // text
  std::vector<NamedSpace> children;        // dict and tuple
};

struct NamedSpace {
  std::string name;  // the key in a dict; "_index_i" in a tuple
  Space space;
};

// The kind of tokens that a field becomes. The values are in token order within
// a time step.
enum class Role : uint8_t { text, image, discrete, continuous };
std::string_view role_name(Role role);
// Throws Error(usage) if there is no role of this name.
Role parse_role(std::string_view name);

// The maximum number of elements of a leaf. It limits memory, because bounds
// are stored per element even if the JSON gives one value for all elements.
constexpr int64_t kMaxFieldElements = int64_t{1} << 25;

// A leaf of a space.
struct Field {
  // The path joined with '/', or "observation" or "action" for a bare space.
  std::string name;
  Role role = Role::continuous;
  DType dtype = DType::float64;  // meaningless for text
  std::vector<int64_t> shape;    // of one time step
  // Bounds per element for boxes, +-infinity if unbounded; otherwise empty.
  std::vector<double> low, high;
  // The number of values and the first value per element for discrete kinds;
  // otherwise empty.
  std::vector<int64_t> n, start;
  bool operator==(const Field&) const = default;
};

// Returns the leaves of `space` in token order: by role (text, image, discrete,
// continuous), and within a role as by path_precedes(). `bare_name` is the name
// of the field if the space is itself a leaf.
std::vector<Field> flatten_space(const Space& space,
                                 const std::string& bare_name);

// Returns the role that a leaf has unless it is overridden:
//  - text for Text;
//  - discrete for the discrete kinds;
//  - image for uint8 of rank 2 to 4 with both sides >= 16 (channels first or
//    last);
//  - discrete for integers with at most 1024 values;
//  - continuous otherwise.
Role default_role(const Field& field, Space::Kind kind);

// Returns true if name `a` comes before `b` within a role. Names are compared
// bytewise, except that tuple members ("_index_i") are compared by number.
bool path_precedes(std::string_view a, std::string_view b);

// Restores token order after roles were overridden.
void sort_fields(std::vector<Field>& fields);

// Convert between Gymnasium spaces and Minari's JSON, which may contain
// Infinity and NaN. space_from_json() throws Error(bad_input), which names the
// type, if a type is unknown.
Space space_from_json(const std::string& text);
std::string space_to_json(const Space& space);

// Convert between a field and its JSON in /tasks, which is that of the
// environment protocol plus "role". Bounds are one number for all elements or a
// list with one per element; null means unbounded. field_from_json() throws
// Error(bad_input).
nlohmann::json field_to_json(const Field& field);
Field field_from_json(const nlohmann::json& json);

// Returns true if HDF5 allows an object with this path, which means that no
// part is empty, is "." or "..", or contains a NUL character.
bool is_valid_hdf5_path(std::string_view path);

// Splits "a/b/c" into {"a", "b", "c"}. The result is never empty.
std::vector<std::string> split_path(std::string_view path);

// Returns true if there is a single field with this name, which means that the
// space is itself a leaf.
bool is_bare_space(const std::vector<Field>& fields,
                   const std::string& bare_name);

// Inverts flatten_space(). Text fields accept texts of up to `max_text_length`
// characters, which are printable ASCII or from `extra_text`.
Space unflatten_space(const std::vector<Field>& fields,
                      const std::string& bare_name, int64_t max_text_length,
                      const std::string& extra_text);

}  // namespace gato::data

// The values follow one another in the order of Episode's members: integers of
// 64 bits in the machine's byte order, lists and texts with their length first.
// A column begins with its kind, 0 for an array and 1 for texts. An array is
// its dtype, its rank, its shape and its elements.
#include "gato/rollout/episode_serializer.h"

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "gato/base/error.h"

namespace gato::rollout {
namespace {

static_assert(std::endian::native == std::endian::little);

enum class ColumnKind : uint8_t { array, texts };

class Writer {
 public:
  template <class T>
  void write(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <class T>
  void write_list(const std::vector<T>& values) {
    write(static_cast<uint64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()),
                  values.size() * sizeof(T));
  }
  void write_text(const std::string& text) {
    write(static_cast<uint64_t>(text.size()));
    bytes_ += text;
  }
  void write_columns(const std::vector<data::FieldColumn>& columns) {
    write(static_cast<uint64_t>(columns.size()));
    for (const data::FieldColumn& column : columns) {
      if (const auto* array = std::get_if<data::Array>(&column)) {
        write(ColumnKind::array);
        write(array->dtype);
        write_list(array->shape);
        bytes_.append(reinterpret_cast<const char*>(array->bytes.data()),
                      array->bytes.size());
      } else {
        const auto& texts = std::get<std::vector<std::string>>(column);
        write(ColumnKind::texts);
        write(static_cast<uint64_t>(texts.size()));
        for (const std::string& text : texts) {
          write_text(text);
        }
      }
    }
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what Writer writes. Throws Error(bad_input) before it reads or
// allocates more than there is.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& label)
      : bytes_(bytes), label_(label) {}

  [[noreturn]] void fail() const {
    throw base::input_error(
        "{}: it is corrupt: start the recording over with --force", label_);
  }
  bool is_at_end() const { return bytes_.empty(); }
  std::string_view take(uint64_t size) {
    if (size > bytes_.size()) {
      fail();
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  template <class T>
  T read() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  // Returns the number of items, of at least `item_size` bytes each, that
  // follow.
  uint64_t read_count(size_t item_size) {
    const auto count = read<uint64_t>();
    if (count > bytes_.size() / item_size) {
      fail();
    }
    return count;
  }
  template <class T>
  std::vector<T> read_list() {
    std::vector<T> values(read_count(sizeof(T)));
    if (!values.empty()) {
      std::memcpy(values.data(), take(values.size() * sizeof(T)).data(),
                  values.size() * sizeof(T));
    }
    return values;
  }
  std::string read_text() { return std::string(take(read_count(1))); }
  // Returns a column of each field, or no columns if none were written.
  std::vector<data::FieldColumn> read_columns(
      const std::vector<data::Field>& fields);

 private:
  data::Array read_array(const data::Field& field);

  std::string_view bytes_;
  const std::string& label_;
};

data::Array Reader::read_array(const data::Field& field) {
  const auto dtype = read<data::DType>();
  std::vector<int64_t> shape = read_list<int64_t>();
  if (dtype != field.dtype || shape.empty() || shape[0] < 0 ||
      std::vector<int64_t>(shape.begin() + 1, shape.end()) != field.shape) {
    fail();
  }
  const uint64_t row_size =
      static_cast<uint64_t>(data::element_count(field.shape)) *
      data::item_size(dtype);
  if (row_size > 0 &&
      static_cast<uint64_t>(shape[0]) > bytes_.size() / row_size) {
    fail();
  }
  data::Array array = data::Array::uninitialized(dtype, std::move(shape));
  const std::string_view elements = take(array.bytes.size());
  if (!elements.empty()) {
    std::memcpy(array.bytes.data(), elements.data(), elements.size());
  }
  return array;
}

std::vector<data::FieldColumn> Reader::read_columns(
    const std::vector<data::Field>& fields) {
  std::vector<data::FieldColumn> columns;
  const uint64_t count = read_count(1);
  if (count != 0 && count != fields.size()) {
    fail();
  }
  for (uint64_t i = 0; i < count; ++i) {
    const auto kind = read<ColumnKind>();
    const bool is_text = fields[i].role == data::Role::text;
    if (kind != (is_text ? ColumnKind::texts : ColumnKind::array)) {
      fail();
    }
    if (!is_text) {
      columns.emplace_back(read_array(fields[i]));
      continue;
    }
    std::vector<std::string> texts(read_count(sizeof(uint64_t)));
    for (std::string& text : texts) {
      text = read_text();
    }
    columns.emplace_back(std::move(texts));
  }
  return columns;
}

}  // namespace

std::string serialize_episode(const data::Episode& episode) {
  Writer writer;
  writer.write(episode.id);
  writer.write(static_cast<uint8_t>(episode.seed.has_value()));
  writer.write(episode.seed.value_or(0));
  writer.write_columns(episode.observations);
  writer.write_columns(episode.actions);
  writer.write_columns(episode.expert_actions);
  writer.write_list(episode.rewards);
  writer.write_list(episode.terminations);
  writer.write_list(episode.truncations);
  writer.write(static_cast<uint64_t>(episode.infos.size()));
  for (const auto& [name, values] : episode.infos) {
    writer.write_text(name);
    writer.write_list(values);
  }
  writer.write(static_cast<uint8_t>(episode.failed));
  writer.write(static_cast<uint8_t>(episode.success.has_value()));
  writer.write(static_cast<uint8_t>(episode.success.value_or(false)));
  writer.write_text(episode.failure);
  return writer.take();
}

data::Episode parse_episode(std::string_view bytes, const data::TaskSpec& task,
                            const std::string& label) {
  Reader reader(bytes, label);
  data::Episode episode;
  episode.id = reader.read<int64_t>();
  const bool has_seed = reader.read<uint8_t>() != 0;
  const auto seed = reader.read<uint64_t>();
  if (has_seed) {
    episode.seed = seed;
  }
  episode.observations = reader.read_columns(task.observation_fields);
  episode.actions = reader.read_columns(task.action_fields);
  episode.expert_actions = reader.read_columns(task.action_fields);
  episode.rewards = reader.read_list<double>();
  episode.terminations = reader.read_list<uint8_t>();
  episode.truncations = reader.read_list<uint8_t>();
  const uint64_t info_count = reader.read_count(2 * sizeof(uint64_t));
  for (uint64_t i = 0; i < info_count; ++i) {
    const std::string name = reader.read_text();
    episode.infos[name] = reader.read_list<double>();
  }
  episode.failed = reader.read<uint8_t>() != 0;
  const bool has_success = reader.read<uint8_t>() != 0;
  const bool success = reader.read<uint8_t>() != 0;
  if (has_success) {
    episode.success = success;
  }
  episode.failure = reader.read_text();
  if (!reader.is_at_end()) {
    reader.fail();
  }
  return episode;
}

}  // namespace gato::rollout

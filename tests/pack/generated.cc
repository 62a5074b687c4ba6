#include "pack/generated.h"

#include "data/documents.h"

namespace gato::test {
namespace {

class Generator {
 public:
  Generator(const Shape& shape, uint64_t seed) : shape_(shape), random_(seed) {}

  TokenizedDocument document(int number) {
    document_ = {};
    document_.total_reward = number;
    document_.source = static_cast<int32_t>(
        random_.below(std::max<size_t>(1, shape_.sources.size())));
    document_.is_episode = shape_.is_episode;
    document_.step_offset = {0};
    if (shape_.is_episode) {
      for (int step = up_to(shape_.steps); step > 0; --step) add_step();
    } else {
      add_image();
      for (int i = up_to(shape_.text); i > 0; --i)
        add(below(vocabulary_.text_size), Modality::text);
      end_step();
    }
    return document_;
  }

 private:
  int32_t below(int32_t n) { return static_cast<int32_t>(random_.below(n)); }
  int up_to(int n) { return 1 + below(n); }
  int32_t bin() { return vocabulary_.continuous_begin() + below(1024); }

  void add(int32_t token, Modality modality) {
    document_.tokens.push_back(token);
    document_.modality.push_back(modality);
    if (!shape_.has_labels) return;
    document_.labels.push_back(is_action(modality) ? bin() : token);
  }

  void add_image() {
    if (shape_.image_side == 0) return;
    const int rows = up_to(shape_.image_side),
              columns = up_to(shape_.image_side);
    document_.images.push_back({static_cast<int64_t>(document_.tokens.size()),
                                static_cast<int16_t>(rows),
                                static_cast<int16_t>(columns)});
    for (int i = 0; i < rows * columns; ++i) {
      Patch patch;
      patch.fill(static_cast<uint8_t>(below(5)));  // some are seen again
      document_.patches.push_back(patch);
      add(-static_cast<int32_t>(document_.patches.size()), Modality::patch);
    }
  }

  void add_step() {
    add_image();
    for (int i = up_to(shape_.observations); i > 0; --i)
      add(bin(), Modality::continuous_observation);
    add(vocabulary_.separator(), Modality::separator);
    for (int i = 0; i < shape_.actions; ++i)
      add(bin(), Modality::continuous_action);
    end_step();
  }

  void end_step() {
    document_.step_offset.push_back(
        static_cast<int64_t>(document_.tokens.size()));
  }

  const Shape& shape_;
  RandomStream random_;
  Vocabulary vocabulary_ = small_vocabulary();
  TokenizedDocument document_;
};

}  // namespace

void write_generated(const std::filesystem::path& path, const Shape& shape,
                     uint64_t seed) {
  TokenFileWriter writer(path, false, small_vocabulary());
  Generator generator(shape, seed);
  for (int i = 0; i < shape.documents; ++i)
    writer.append(generator.document(i));
  TaskEntry entry;
  entry.spec.name = shape.task;
  entry.image_height = shape.resize.height;
  entry.image_width = shape.resize.width;
  if (shape.is_episode) {
    entry.spec.action = small_tasks().tasks.front().spec.action;
    entry.episodes = shape.documents;
  }
  Provenance provenance = small_provenance();
  writer.commit({{entry}, shape.sources}, provenance);
}

MixtureEntry entry_of(const std::vector<std::filesystem::path>& files,
                      double weight) {
  MixtureEntry entry;
  entry.name = files.front().filename();
  entry.files = files;
  entry.weight = weight;
  return entry;
}

}  // namespace gato::test

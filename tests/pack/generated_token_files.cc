#include "pack/generated_token_files.h"

#include "data/sample_documents.h"

namespace gato::test {
namespace {

class DocumentGenerator {
 public:
  DocumentGenerator(const TokenFileSpec& shape, uint64_t seed)
      : spec_(shape), random_(seed) {}

  data::TokenizedDocument document(int number) {
    document_ = {};
    document_.total_reward = number;
    document_.source_index = static_cast<int32_t>(
        random_.uniform_int(std::max<size_t>(1, spec_.sources.size())));
    document_.is_episode = spec_.has_episodes;
    document_.step_offset = {0};
    if (spec_.has_episodes) {
      for (int step = random_up_to(spec_.max_steps); step > 0; --step) {
        add_step();
      }
    } else {
      add_image();
      for (int i = random_up_to(spec_.max_text_tokens); i > 0; --i) {
        add(random_below(vocabulary_.text_size), data::Modality::text);
      }
      end_step();
    }
    return document_;
  }

 private:
  int32_t random_below(int32_t n) {
    return static_cast<int32_t>(random_.uniform_int(n));
  }
  int random_up_to(int n) { return 1 + random_below(n); }
  int32_t random_bin() {
    return vocabulary_.continuous_begin() + random_below(1024);
  }

  void add(int32_t token, data::Modality modality) {
    document_.tokens.push_back(token);
    document_.modality.push_back(modality);
    if (!spec_.has_labels) {
      return;
    }
    document_.labels.push_back(data::is_action(modality) ? random_bin()
                                                         : token);
  }

  void add_image() {
    if (spec_.max_image_side == 0) {
      return;
    }
    const int rows = random_up_to(spec_.max_image_side),
              columns = random_up_to(spec_.max_image_side);
    document_.images.push_back({static_cast<int64_t>(document_.tokens.size()),
                                static_cast<int16_t>(rows),
                                static_cast<int16_t>(columns)});
    for (int i = 0; i < rows * columns; ++i) {
      data::Patch patch;
      patch.fill(static_cast<uint8_t>(random_below(5)));  // some are seen again
      document_.patches.push_back(patch);
      add(data::patch_token(std::ssize(document_.patches) - 1),
          data::Modality::patch);
    }
  }

  void add_step() {
    add_image();
    for (int i = random_up_to(spec_.max_observations); i > 0; --i) {
      add(random_bin(), data::Modality::continuous_observation);
    }
    add(vocabulary_.separator(), data::Modality::separator);
    for (int i = 0; i < spec_.actions_per_step; ++i) {
      add(random_bin(), data::Modality::continuous_action);
    }
    end_step();
  }

  void end_step() {
    document_.step_offset.push_back(
        static_cast<int64_t>(document_.tokens.size()));
  }

  const TokenFileSpec& spec_;
  base::RandomStream random_;
  data::Vocabulary vocabulary_ = small_vocabulary();
  data::TokenizedDocument document_;
};

}  // namespace

std::vector<data::TokenizedDocument> generate_documents(
    const TokenFileSpec& shape, uint64_t seed) {
  DocumentGenerator generator(shape, seed);
  std::vector<data::TokenizedDocument> documents;
  for (int i = 0; i < shape.documents; ++i) {
    documents.push_back(generator.document(i));
  }
  return documents;
}

data::TaskTable generated_tasks(const TokenFileSpec& shape, int64_t documents) {
  data::TaskEntry entry;
  entry.spec.name = shape.task;
  entry.image_height = shape.resize.height;
  entry.image_width = shape.resize.width;
  if (shape.has_episodes) {
    entry.spec.action_fields = small_tasks().tasks.front().spec.action_fields;
    entry.episode_count = documents;
  }
  return {{entry}, shape.sources};
}

void write_generated_tokens(const std::filesystem::path& path,
                            const TokenFileSpec& shape, uint64_t seed) {
  data::TokenFileWriter writer(path, false, small_vocabulary());
  for (const data::TokenizedDocument& document :
       generate_documents(shape, seed)) {
    writer.append(document);
  }
  writer.commit(generated_tasks(shape, shape.documents), small_provenance());
}

pack::MixtureEntry make_mixture_entry(
    const std::vector<std::filesystem::path>& files, double weight) {
  pack::MixtureEntry entry;
  entry.name = files.front().filename();
  entry.files = files;
  entry.weight = weight;
  return entry;
}

}  // namespace gato::test

#include "gato/train/input/training_batch.h"

#include <vector>

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/base/error.h"
#include "gato/train/input/batch_loader.h"
#include "gato/train/input/sequence_file_data.h"
#include "train/synthetic_data.h"

using namespace gato;
using namespace gato::train;
using gato::test::ScratchDirectory;
using gato::test::write_synthetic_sequences;

namespace {

template <class T>
std::vector<T> values(const at::Tensor& tensor) {
  const T* data = tensor.const_data_ptr<T>();
  return {data, data + tensor.numel()};
}

struct Fixture {
  ScratchDirectory folder;
  std::filesystem::path path = folder / "data.h5";
  Fixture() { write_synthetic_sequences(path); }
  SequenceFileData data() const { return SequenceFileData({path}); }
};

MicroBatch make_batch_of(const SequenceFileData& data,
                         const std::vector<int64_t>& row_indices,
                         const BatchOptions& options) {
  std::vector<TrainingData::Row> rows;
  for (int64_t i : row_indices) {
    rows.push_back(data.row(i));
  }
  return make_batch(rows, options);
}

bool same_steps(const StepBatch& a, const StepBatch& b) {
  if (a.micro_batches.size() != b.micro_batches.size()) {
    return false;
  }
  for (size_t i = 0; i < a.micro_batches.size(); ++i) {
    const model::Batch &x = a.micro_batches[i].batch,
                       &y = b.micro_batches[i].batch;
    if (!at::equal(x.tokens, y.tokens) ||
        !at::equal(x.patch_row, y.patch_row) ||
        !at::equal(x.patch_column, y.patch_column) ||
        !at::equal(x.target_weight, y.target_weight)) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("A row of an episode becomes tokens, patches and targets") {
  const Fixture fixture;
  const SequenceFileData data = fixture.data();
  const auto [batch, first, tokens] =
      make_batch_of(data, {0}, {.is_training = false});
  const int32_t text = data.vocabulary().text_size;
  CHECK(batch.rows == 1);
  CHECK(batch.length == 10);  // without padding
  CHECK(tokens == 10);
  CHECK(values<int64_t>(batch.local_position) ==
        std::vector<int64_t>{0, 1, 513, 512, 512, 0, 1, 513, 512, 512});
  CHECK(values<int64_t>(batch.tokens)[4] == text + 1023);  // the executed one
  CHECK(values<int64_t>(batch.patch_position) == std::vector<int64_t>{0, 5});
  CHECK(values<int64_t>(batch.patch_row) == std::vector<int64_t>{48, 48});
  CHECK(values<int64_t>(batch.patch_column) == std::vector<int64_t>{64, 64});
  // Two patches, and black ones up to a multiple of 32.
  CHECK(batch.patches.sizes() == std::vector<int64_t>{32, 16, 16, 3});
  CHECK(values<int64_t>(batch.patch_index) == std::vector<int64_t>{0, 1});
  CHECK(batch.patches[1].min().item<int>() == 1);
  CHECK(batch.patches.narrow(0, 2, 30).max().item<int>() == 0);
  CHECK(values<int64_t>(batch.target_index) ==
        std::vector<int64_t>{2, 3, 7, 8});
  CHECK(values<int64_t>(batch.target_label)[1] == text);  // the expert's
  CHECK(values<uint8_t>(batch.target_modality) ==
        std::vector<uint8_t>{6, 7, 6, 7});
}

TEST_CASE(
    "The first token of a row is not a target, and a patch is stored once") {
  const Fixture fixture;
  const SequenceFileData data = fixture.data();
  const model::Batch text =
      make_batch_of(data, {1}, {.is_training = false}).batch;
  CHECK(text.target_index.numel() == 15);
  CHECK(values<int32_t>(text.target_task)[0] == 1);
  CHECK_FALSE(text.patches.defined());
  const model::Batch both =
      make_batch_of(data, {0, 2, 0}, {.is_training = false}).batch;
  CHECK(both.patch_position.numel() == 6);
  CHECK(values<int64_t>(both.patch_index) ==
        std::vector<int64_t>{0, 1, 2, 3, 0, 1});
}

TEST_CASE("In training, patch positions are sampled from their interval") {
  const Fixture fixture;
  const SequenceFileData data = fixture.data();
  int64_t lowest = 128, highest = 0;
  for (uint64_t step = 0; step < 500; ++step) {
    const model::Batch batch =
        make_batch_of(data, {0}, {.seed = 3, .step = step}).batch;
    for (int64_t row : values<int64_t>(batch.patch_row)) {
      lowest = std::min(lowest, row);
      highest = std::max(highest, row);
    }
  }
  CHECK(lowest == 32);
  CHECK(highest == 63);
  // The sample depends on the row, not on its index in the micro-batch.
  const model::Batch alone =
      make_batch_of(data, {2}, {.seed = 3, .first_row = 1}).batch;
  const model::Batch second = make_batch_of(data, {0, 2}, {.seed = 3}).batch;
  CHECK(values<int64_t>(alone.patch_row)[1] ==
        values<int64_t>(second.patch_row)[3]);
}

TEST_CASE("Masked actions are read as separators and remain targets") {
  const Fixture fixture;
  const SequenceFileData data = fixture.data();
  const model::Batch plain = make_batch_of(data, {0}, {}).batch;
  const int32_t separator = data.vocabulary().separator();
  const model::Batch masked =
      make_batch_of(data, {0},
                    {.action_mask_probability = 1, .separator = separator})
          .batch;
  for (int64_t index : {3, 4, 8, 9}) {
    CHECK(values<int64_t>(masked.tokens)[index] == separator);
  }
  CHECK(at::equal(plain.local_position, masked.local_position));
  CHECK(at::equal(plain.target_label, masked.target_label));
}

TEST_CASE("A step does not depend on the step at which a loader starts") {
  const Fixture fixture;
  const SequenceFileData data = fixture.data();
  const BatchLoaderOptions options{
      .seed = 5, .batch_size = 7, .micro_batch_size = 3};
  BatchLoader from_start(data, options, 0), from_two(data, options, 2);
  from_start.next();
  from_start.next();
  for (int step = 2; step < 6; ++step) {
    const StepBatch a = from_start.next(), b = from_two.next();
    CHECK(a.step == step);
    CHECK(a.micro_batches.size() == 3);
    CHECK(a.micro_batches.back().batch.rows == 1);
    CHECK(same_steps(a, b));
  }
}

TEST_CASE(
    "Target weights sum to one, and are equal per token, task or modality") {
  const Fixture fixture;
  const SequenceFileData data = fixture.data();
  BatchLoaderOptions options{.seed = 5, .batch_size = 8, .micro_batch_size = 3};
  for (LossReduction reduction :
       {LossReduction::token, LossReduction::task, LossReduction::modality}) {
    options.loss_reduction = reduction;
    const StepBatch step = load_step_batch(data, options, 0);
    double sum = 0;
    std::map<int32_t, double> by_task;
    std::map<std::pair<int32_t, uint8_t>, double> by_modality;
    for (const MicroBatch& micro_batch : step.micro_batches) {
      const auto weight = values<float>(micro_batch.batch.target_weight);
      const auto task = values<int32_t>(micro_batch.batch.target_task);
      const auto modality = values<uint8_t>(micro_batch.batch.target_modality);
      for (size_t i = 0; i < weight.size(); ++i) {
        sum += weight[i];
        by_task[task[i]] += weight[i];
        by_modality[{task[i], modality[i]}] += weight[i];
      }
    }
    CHECK(sum == Approx(1));
    CHECK(by_task.size() == 2);
    if (reduction == LossReduction::token) {
      CHECK(by_task[0] < 0.5);
      continue;
    }
    CHECK(by_task[0] == Approx(0.5));
    std::map<int32_t, std::set<double>> shares;
    for (const auto& [key, share] : by_modality) {
      shares[key.first].insert(std::round(share * 1e6));
    }
    for (const auto& [task, values] : shares) {
      INFO("task " << task);
      if (reduction == LossReduction::modality) {
        CHECK(values.size() == 1);
      }
    }
    CHECK(by_modality.size() > by_task.size());
  }
}

TEST_CASE("Compatible files are read as one data set") {
  const Fixture fixture;
  const std::filesystem::path more = fixture.folder / "more.h5";
  write_synthetic_sequences(more, {.sequences = 4, .first_number = 1});
  const SequenceFileData data({fixture.path, more});
  CHECK(data.row_count() == 28);
  CHECK(data.tasks().tasks.size() == 2);
  CHECK(data.row(24).task == 1);
  CHECK(data.file_index(24) == 1);
  CHECK(data.file_index(23) == 0);
}

TEST_CASE("Equal patches of two files are stored once") {
  const Fixture fixture;
  const std::filesystem::path more = fixture.folder / "more.h5";
  write_synthetic_sequences(more, {.sequences = 4, .first_number = 2});
  const SequenceFileData data({fixture.path, more});
  // Row 24 is row 2 of the first file.
  const model::Batch both =
      make_batch_of(data, {0, 2, 24}, {.is_training = false}).batch;
  CHECK(values<int64_t>(both.patch_index) ==
        std::vector<int64_t>{0, 1, 2, 3, 2, 3});
}

TEST_CASE("Files with different vocabularies are bad input") {
  const Fixture fixture;
  const std::filesystem::path other = fixture.folder / "other.h5";
  write_synthetic_sequences(other, {.text_size = 21});
  try {
    SequenceFileData({fixture.path, other});
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.status() == base::ExitStatus::bad_input);
    CHECK_THAT(error.what(), Catch::Contains("vocabular"));
  }
}

#include "gato/train/input/observation_ablation.h"

#include "catch.h"
#include "cli/run_in_process.h"
#include "gato/train/input/sequence_file_data.h"
#include "train/synthetic_data.h"

using namespace gato;
using namespace gato::train;
using gato::test::ScratchDirectory;
using gato::test::write_synthetic_sequences;

TEST_CASE(
    "Only observations are replaced, by those of the task's next sequence") {
  const ScratchDirectory folder;
  const std::filesystem::path path = folder / "data.h5";
  write_synthetic_sequences(path);
  const SequenceFileData data_set({path});
  const ObservationAblation ablation(data_set);
  const auto changed = ablation.row(0);
  const data::SequenceView own = data_set.row(0).view,
                           donor = data_set.row(2).view;
  REQUIRE(changed.is_changed);
  for (size_t i = 0; i < own.tokens.size(); ++i) {
    INFO(i);
    const data::Modality modality{own.modality[i]};
    const bool is_swapped = modality == data::Modality::patch ||
                            modality == data::Modality::continuous_observation;
    CHECK(changed.row.view.tokens[i] ==
          (is_swapped ? donor.tokens[i] : own.tokens[i]));
    CHECK(changed.row.view.labels[i] == own.labels[i]);
    CHECK(changed.row.view.local_position[i] == own.local_position[i]);
  }
  CHECK(ablation.row(22).row.view.tokens[1] == data_set.row(0).view.tokens[1]);
}

TEST_CASE("Text and the only sequence of a task are not changed") {
  const ScratchDirectory folder;
  const std::filesystem::path path = folder / "data.h5";
  write_synthetic_sequences(path, {.sequences = 3, .first_number = 1});
  const SequenceFileData data_set({path});
  const ObservationAblation ablation(data_set);
  CHECK_FALSE(ablation.row(0).is_changed);  // text
  CHECK_FALSE(ablation.row(1).is_changed);  // the only one of control/push
}

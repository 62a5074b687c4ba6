// The contents of token files and sequence files besides their columns: the
// vocabulary, the table of tasks, the report and the provenance.
#pragma once

#include <nlohmann/json.hpp>

#include "gato/data/hdf5/hdf5.h"
#include "gato/data/provenance.h"
#include "gato/data/task.h"
#include "gato/data/vocabulary.h"

namespace gato::data {

// Writes the group `vocabulary`: the attributes of Vocabulary::to_json(), and
// the bytes of the text model as the dataset `sentencepiece`.
void write_vocabulary(hdf5::Group& parent, const Vocabulary& vocabulary);
// Reads the group `vocabulary`. Throws Error(bad_input) if the bytes of the
// text model are present but do not match the digest.
Vocabulary read_vocabulary(const hdf5::Group& parent);

// Writes the JSON datasets `tasks`, `report` (unless it is null) and
// `provenance` (if enabled).
void write_metadata(hdf5::Group& root, const TaskTable& tasks,
                    const nlohmann::ordered_json& report,
                    const Provenance& provenance);

// Reads the JSON datasets of write_metadata(). Throw Error(bad_input) if the
// JSON is malformed, or if the table of tasks is missing or invalid.
// read_report() and read_provenance() return null if there is no such dataset.
TaskTable read_tasks(const hdf5::Group& parent);
nlohmann::ordered_json read_report(const hdf5::Group& parent);
nlohmann::json read_provenance(const hdf5::Group& parent);

}  // namespace gato::data

// tokenizer.model of a model directory: the SentencePiece model.
#pragma once

#include <filesystem>
#include <string>

namespace gato::data {

// Returns the bytes of the file. Throws Error(io) if it cannot be read, and
// Error(bad_input) if its digest is not `digest`, the one in config.json.
std::string read_text_model(const std::filesystem::path& path,
                            const std::string& digest);

}  // namespace gato::data

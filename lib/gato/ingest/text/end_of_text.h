// Markers for the end of a text that datasets contain within their texts.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gato/data/document.h"

namespace gato::ingest {

// The marker in OBELICS, which its authors replace before training.
inline constexpr std::string_view kObelicsEndOfText =
    "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED";
// Markers that other tokenizers convert to a special token.
inline constexpr std::array<std::string_view, 8> kEndOfTextMarkers{
    "<|endoftext|>", "<|end_of_text|>", "<|endofdoc|>", "<|eot_id|>",
    "<|im_end|>",    "<eos>",           "[EOS]",        kObelicsEndOfText};
// The marker that is spelled like the piece of SentencePiece models. In HTML,
// it closes struck-through text, so it is not a marker in a text that also
// contains the opening tag, <s>.
inline constexpr std::string_view kEndOfTextPiece = "</s>";

// Returns the first of the known markers, other than `except`, that the text
// contains; empty if it contains none of them.
std::string_view find_end_of_text_marker(std::string_view text,
                                         std::string_view except = {});

// A text, or the end of a text.
using TextPart = std::variant<std::string, data::EndOfText>;

// Divides the text at every occurrence of the marker, which becomes an
// EndOfText. Blank texts are left out. An empty marker does not occur.
std::vector<TextPart> split_at_end_of_text(std::string text,
                                           std::string_view marker);

// Returns the text without the marker: the parts of split_at_end_of_text(),
// joined by `separator`. Without a marker in it, the text is unchanged.
std::string without_end_of_text(std::string text, std::string_view marker,
                                std::string_view separator);

// Returns the document of a text, in which the marker becomes an EndOfText. It
// has no items if the text is blank.
data::Document make_text_document(std::string text, std::string_view marker);

}  // namespace gato::ingest

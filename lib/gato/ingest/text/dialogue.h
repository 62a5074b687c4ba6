// The format of dialogues between a user and a model: a text of turns
//
//   User: what color is the circle?
//   Gato: red</s>User: and the square?
//   Gato: blue</s>
//
// with an image, if there is one, before the turn that it belongs to. In the
// inputs of gato-tokenize, </s> is an end-of-text marker (end_of_text.h). What
// precedes the first turn is a preamble, which also ends with </s>.
#pragma once

#include <string>
#include <string_view>

namespace gato::ingest {

// The prefix of every turn of the user.
inline constexpr std::string_view kUserName = "User:";
// The prefix of every reply of the model.
inline constexpr std::string_view kModelName = "Gato:";

// Returns the text that a reply to the user's turn continues, and </s> ends.
inline std::string dialogue_prompt(std::string_view turn) {
  return std::string(kUserName) + " " + std::string(turn) + "\n" +
         std::string(kModelName);
}

}  // namespace gato::ingest

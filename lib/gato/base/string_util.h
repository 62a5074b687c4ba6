// Escaping and quoting of text that comes from outside the program, so that it
// fits on one line of a message, a table, a log or a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gato::base {

// Returns the text with control characters escaped as \n, \t or \x1b: those of
// ASCII, and those of Unicode (U+0080 to U+009F) encoded in UTF-8.
std::string escape_control_characters(std::string_view text);

// Returns the text before the first \n, for example a message of LibTorch
// without the stack trace that it appends.
std::string first_line(const std::string& text);

// Returns the text in single quotes for an error message: truncated after 200
// bytes, with control characters and bytes beyond ASCII escaped as \x1b.
std::string quote_excerpt(std::string_view text);

// Returns the word as a POSIX shell reads it back: unchanged if it consists of
// safe characters only, otherwise in single quotes.
std::string shell_quote(std::string_view word);
// Returns the words quoted and separated by spaces: a command line that can be
// pasted into a shell.
std::string shell_join(const std::vector<std::string>& words);

}  // namespace gato::base

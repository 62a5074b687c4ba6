// Error handling for data on stdout: failed writes are errors, except when the
// reader of a pipe has closed it.
#pragma once

namespace gato::cli {

// Makes failed writes to std::cout throw, so that the work ends when the reader
// has closed the pipe.
void throw_on_stdout_error();

// Returns whether stdout is a terminal.
bool is_stdout_terminal();

// Returns whether stdout is a pipe or socket that its reader has closed.
bool is_stdout_reader_gone();

// Returns whether any write has failed so far.
bool has_stdout_failed();

// Flushes stdout and checks for delayed errors, such as a full disk. Throws
// Error(io) with the reason, but not if the reader has closed the pipe.
void flush_and_check_stdout();

}  // namespace gato::cli

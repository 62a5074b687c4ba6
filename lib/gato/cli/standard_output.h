// Data on stdout: its errors count, a reader that has gone does not.
#pragma once

namespace gato::cli {

// Makes a failed write to std::cout throw, so that work whose reader has gone
// ends there.
void throw_on_stdout_error();

// stdout is a pipe or socket whose reader has gone.
bool is_stdout_reader_gone();

// Something could not be written so far.
bool has_stdout_failed();

// Writes out what is buffered and asks the system for delayed errors (a full
// disk). Error (io) with the reason; quiet where the reader has gone.
void flush_and_check_stdout();

}  // namespace gato::cli

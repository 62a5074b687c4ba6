#include "gato/commands/tokenize/end_of_text_option.h"

#include <spdlog/spdlog.h>

#include "gato/ingest/text/end_of_text.h"

namespace gato::commands {

void add_end_of_text_option(cli::OptionTable& table, std::string& option) {
  table
      .add("end-of-text", &option,
           "Marker within texts, such as <|endoftext|>, to replace with </s>; "
           "none: there is no marker. By default, well-known markers are kept "
           "as ordinary text and counted in a warning")
      .metavar("TEXT");
}

bool EndOfTextMarkers::count(std::string_view text,
                             const std::string& location) {
  if (!counts_) {
    return false;
  }
  const std::string_view marker =
      ingest::find_end_of_text_marker(text, marker_);
  if (marker.empty()) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  if (documents_++ == 0 || location < first_location_) {
    first_location_ = location;
    first_marker_ = marker;
  }
  return true;
}

void EndOfTextMarkers::warn(std::string_view other_advice) const {
  if (documents_ == 0) {
    return;
  }
  spdlog::warn(
      "{} an end-of-text marker, such as {} in {}, which is read as ordinary "
      "text; use --end-of-text '{}' to make it {}, {}or --end-of-text none to "
      "silence this warning",
      documents_ == 1 ? "1 document contains"
                      : fmt::format("{} documents contain", documents_),
      first_marker_, first_location_, first_marker_,
      first_marker_ == ingest::kEndOfTextPiece ? "the token </s>" : "</s>",
      fmt::format(fmt::runtime(other_advice), first_marker_));
}

}  // namespace gato::commands

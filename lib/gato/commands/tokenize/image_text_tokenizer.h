// The part that the commands for images with text have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "gato/commands/tokenize/end_of_text_option.h"
#include "gato/commands/tokenize/token_options.h"
#include "gato/data/document.h"
#include "gato/ingest/text/image_text.h"
#include "gato/ingest/text/page_source.h"

namespace gato::commands {

struct ImageTextOptions {
  TokenizerOptions tokenizer;
  std::string image_root;
  std::string missing_images = "error";  // or "omit"
  std::string end_of_text;
  std::string task, domain;
};
// Adds --text-model, --discrete, --resize, --image-root, --missing-images,
// --end-of-text, --task and --domain. The help of --image-root says that the
// default is the directory of `default_root`.
void add_image_text_options(cli::OptionTable& table, ImageTextOptions& options,
                            const std::string& default_root);

// Writes a token file of one task, whose documents are images with text.
class ImageTextTokenizer {
 public:
  // `unit` is what the records are, in the plural, for progress reports.
  ImageTextTokenizer(const cli::CommandContext& context,
                     const ImageTextOptions& options, const std::string& unit);

  // Adds all records of a source: one document per text, or one per page. All
  // sources of a file must be of the same kind.
  void add_all(ingest::ImageTextSource& source);
  void add_all(ingest::PageSource& source);
  // Blocks until all records are encoded, and throws the errors of bad records.
  void finish() { output_.finish(); }
  // Writes the file and logs the counts.
  void commit();

 private:
  template <class Record>
  void add_records(ingest::RecordSource<Record>& source);
  // These run in the threads of output_.
  std::vector<tokenize::EncodedRecord> encode(ingest::ImageTexts record);
  std::vector<tokenize::EncodedRecord> encode(ingest::PageRecord record);
  data::TokenizedDocument encode(const data::Document& document) const;
  // Appends a text to a document. A marker at its beginning, before any other
  // text of the document, is omitted.
  void append_text(std::string text, data::Document& document) const;
  data::Image load_image(const ingest::StoredImage& image) const;

  bool should_omit_missing_, has_pages_ = false;
  EndOfTextMarkers markers_;
  int32_t task_ = 0, source_ = 0;
  int64_t bytes_read_ = 0;  // of the sources before the current one
  tokenize::Counts extra_counts_;
  std::atomic<int64_t> texts_omitted_ = 0, images_omitted_ = 0;
  // The last member, because its threads use the others.
  tokenize::TokenFileBuilder output_;
};

}  // namespace gato::commands

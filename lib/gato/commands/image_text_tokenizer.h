// What the commands that tokenize images with text share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "gato/commands/token_options.h"
#include "gato/data/document.h"
#include "gato/ingest/text/image_text.h"
#include "gato/ingest/text/page_source.h"

namespace gato::commands {

struct ImageTextOptions {
  TokenizerOptions tokenizer;
  std::string image_root;
  std::string missing_images = "error";  // or "omit"
  std::string task, domain;
};
// Adds --text-model, --discrete, --resize, --image-root (which is, by default,
// the folder of `default_root`), --missing-images, --task and --domain.
void add_image_text_options(cli::OptionTable& table, ImageTextOptions& options,
                            const std::string& default_root);

// A token file of one task, made from images with text.
class ImageTextTokenizer {
 public:
  // `unit` is what the records are, in the plural.
  ImageTextTokenizer(const cli::CommandContext& context,
                     const ImageTextOptions& options, const std::string& unit);

  // All records of a source: a document for each text, or for each page. A file
  // is made of the one or the other.
  void add_all(ingest::ImageTextSource& source);
  void add_all(ingest::PageSource& source);
  void commit();

 private:
  template <class Record>
  void add_records(ingest::RecordSource<Record>& source);
  // In any thread.
  std::vector<tokenize::EncodedRecord> encode(ingest::ImageTexts record);
  std::vector<tokenize::EncodedRecord> encode(ingest::PageRecord record);
  data::TokenizedDocument encode(const data::Document& document) const;
  data::Image load_image(const ingest::StoredImage& image) const;

  bool should_omit_missing_, has_pages_ = false;
  int32_t task_ = 0, source_ = 0;
  tokenize::Counts extra_counts_;
  std::atomic<int64_t> texts_omitted_ = 0, images_omitted_ = 0;
  tokenize::TokenFileBuilder
      output_;  // last: its threads end before the rest goes
};

}  // namespace gato::commands

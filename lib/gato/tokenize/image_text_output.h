// What the commands that tokenize images with text share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "gato/ingest/image_text.h"
#include "gato/ingest/page_source.h"
#include "gato/tokenize/token_output.h"

namespace gato {

struct ImageTextOptions {
  TokenOptions tokens;
  std::string image_root;
  std::string missing_images = "error";  // or "omit"
  std::string task, domain;
};
// Adds --text-model, --discrete, --resize, --image-root (which is, by default,
// the folder of `default_root`), --missing-images, --task and --domain.
void add_image_text_options(cli::OptionTable& table, ImageTextOptions& options,
                            const std::string& default_root);

// A token file of one task, made from images with text.
class ImageTextOutput {
 public:
  // `unit` is what the records are, in the plural.
  ImageTextOutput(const cli::Context& context, const ImageTextOptions& options,
                  const std::string& unit);

  // All records of a source: a document for each text, or for each page. A file
  // is made of the one or the other.
  void add_all(ImageTextSource& source);
  void add_all(PageSource& source);
  void commit();

 private:
  template <class Record>
  void add_records(RecordSource<Record>& source);
  // In any thread.
  std::vector<Encoded> encode(ImageTexts record);
  std::vector<Encoded> encode(PageRecord record);
  TokenizedDocument encode(const Document& document) const;
  Image read(const StoredImage& image) const;

  bool omit_missing_, has_pages_ = false;
  int32_t task_ = 0, source_ = 0;
  TokenOutput::Counts passed_over_;
  std::atomic<int64_t> texts_omitted_ = 0, images_omitted_ = 0;
  TokenOutput output_;  // last: its threads end before the rest goes
};

}  // namespace gato

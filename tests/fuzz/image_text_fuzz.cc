// Files of images with texts. The first byte selects the format. The two files
// of VQA are separated by a zero byte. Embedded images are decoded, but paths
// are not opened.
#include "fuzz/fuzz.h"
#include "gato/ingest/text/coco.h"
#include "gato/ingest/text/page_source.h"
#include "gato/ingest/text/tsv.h"
#include "gato/ingest/text/vqa.h"
#include "gato/ingest/text/webdataset.h"

using namespace gato;

namespace {

void use(const ingest::StoredImage& image) {
  if (image.kind != ingest::StoredImage::Kind::file) {
    fuzz::accepts([&] { image.decode(); });
  }
}

void use(const ingest::ImageTexts& record) {
  use(record.image);
  FUZZ_REQUIRE(!record.texts.empty());
}

void use(const ingest::PageRecord& record) {
  const ingest::Page page = ingest::parse_page(record);
  FUZZ_REQUIRE(!page.items.empty());
  for (const auto& item : page.items) {
    if (const auto* image = std::get_if<ingest::StoredImage>(&item)) {
      use(*image);
    }
  }
}

template <class Record>
void read_all(ingest::RecordSource<Record>& source) {
  bool at_end = false;
  while (!at_end) {
    fuzz::accepts([&] {
      const auto record = source.next();
      at_end = !record;
      if (record) {
        use(*record);
      }
    });
  }
}

void read(uint8_t format, std::string_view bytes) {
  static fuzz::MemoryFile file, second;
  file.fill(bytes);
  const std::string path = file.path();
  switch (format % 6) {
    case 0:
      return read_all(*ingest::open_coco_captions(path, "/none"));
    case 1:
      return read_all(
          *ingest::open_tsv_captions(path, {.image_root = "/none"}));
    case 2: {
      const size_t end = std::min(bytes.find('\0'), bytes.size());
      file.fill(bytes.substr(0, end));
      second.fill(bytes.substr(std::min(end + 1, bytes.size())));
      ingest::VqaOptions options{.image_root = "/none"};
      options.all_answers = format >= 128;
      return read_all(*ingest::open_vqa(path, second.path(), options));
    }
    case 3:
      return read_all(*ingest::open_webdataset(path, {}));
    default:
      return read_all(*ingest::open_pages(path, {}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  fuzz::accepts([&] { read(data[0], fuzz::as_text(data + 1, size - 1)); });
  return 0;
}

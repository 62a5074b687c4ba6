#include "gato/ingest/text/page_source.h"

#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/file_extension.h"
#include "gato/ingest/other_formats.h"
#include "gato/ingest/tar_reader.h"
#include "gato/ingest/text/page_json.h"
#include "gato/ingest/utf8.h"

namespace gato::ingest {
namespace {

using SharedOptions = std::shared_ptr<const PageSourceOptions>;

constexpr int64_t kMaxPageBytes = int64_t{1} << 30;

class JsonLinesPageSource : public PageSource {
 public:
  JsonLinesPageSource(const std::string& path, SharedOptions options)
      : options_(std::move(options)), reader_(path, kMaxPageBytes) {}

  std::optional<PageRecord> next() override {
    if (!std::exchange(has_begun_, true)) {
      is_rejected_ = true;  // in case the next line throws
      reject_other_formats(reader_.name(), reader_.peek(512));
      is_rejected_ = false;
    }
    if (is_rejected_) {
      return std::nullopt;
    }
    std::string line;
    do {
      if (!reader_.read_line(line)) {
        return std::nullopt;
      }
    } while (is_blank(line));
    return PageRecord{std::move(line), reader_.location(),
                      reader_.record_offset(), options_};
  }

  void record_inputs(data::Provenance& provenance) override {
    reader_.record_input(provenance);
  }
  int64_t bytes_read() const override { return reader_.bytes_read(); }

 private:
  SharedOptions options_;
  DelimitedReader reader_;
  bool has_begun_ = false, is_rejected_ = false;
};

class TarPageSource : public PageSource {
 public:
  TarPageSource(const std::string& path, SharedOptions options)
      : options_(std::move(options)), tar_(path) {}

  std::optional<PageRecord> next() override {
    while (const auto path = tar_.next()) {
      if (!path->ends_with(".json")) {
        tar_.skip_member();
        continue;
      }
      const std::string location = fmt::format("{}: {}", tar_.name(), *path);
      if (tar_.member_size() > kMaxPageBytes) {
        throw base::input_error("{}: more than {} MiB", location,
                                kMaxPageBytes >> 20);
      }
      return PageRecord{read_content(*path), location, 0, options_};
    }
    return std::nullopt;
  }

  Counts skipped() const override {
    return {{"other members", tar_.skipped_members()}};
  }

  void record_inputs(data::Provenance& provenance) override {
    tar_.record_input(provenance);
  }
  int64_t bytes_read() const override { return tar_.bytes_read(); }

 private:
  std::string read_content(const std::string& path) {
    try {
      return tar_.read_content();
    } catch (const base::Error& error) {
      if (error.status() != base::ExitStatus::bad_input) {
        throw;
      }
      throw base::input_error("{}: nothing can be read from {} on",
                              error.what(), path);
    }
  }

  SharedOptions options_;
  TarReader tar_;
};

}  // namespace

Page parse_page(PageRecord record) {
  Page page = base::with_context(record.location, [&record] {
    require_utf8(record.json, record.byte_offset);
    return parse_page_json(record.json, record.options->format,
                           record.options->image_root);
  });
  page.location = std::move(record.location);
  return page;
}

std::unique_ptr<PageSource> open_pages(const std::string& path,
                                       const PageSourceOptions& options) {
  auto resolved = std::make_shared<PageSourceOptions>(options);
  if (resolved->image_root.empty()) {
    resolved->image_root = std::filesystem::path(path).parent_path();
  }
  if (has_tar_extension(path)) {
    return std::make_unique<TarPageSource>(path, resolved);
  }
  return std::make_unique<JsonLinesPageSource>(path, resolved);
}

}  // namespace gato::ingest

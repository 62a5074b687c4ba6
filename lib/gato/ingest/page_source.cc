#include "gato/ingest/page_source.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "gato/base/error.h"
#include "gato/ingest/archive.h"
#include "gato/ingest/delimited_reader.h"
#include "gato/ingest/file_name.h"
#include "gato/ingest/page_json.h"
#include "gato/ingest/utf8.h"

namespace gato {
namespace {

using Options = std::shared_ptr<const PageOptions>;

constexpr int64_t most_page_bytes = int64_t{1} << 30;

class LinePages : public PageSource {
 public:
  LinePages(const std::string& path, Options options)
      : options_(std::move(options)), reader_(path, most_page_bytes) {}

  std::optional<PageRecord> next() override {
    std::string line;
    do {
      if (!reader_.read_line(line)) return std::nullopt;
    } while (is_blank(line));
    return PageRecord{std::move(line), reader_.place(), reader_.first_byte(),
                      options_};
  }

  void record_inputs(Provenance& provenance) override {
    reader_.record(provenance);
  }

 private:
  Options options_;
  DelimitedReader reader_;
};

class TarPages : public PageSource {
 public:
  TarPages(const std::string& path, Options options)
      : options_(std::move(options)), tar_(path) {}

  std::optional<PageRecord> next() override {
    while (const auto path = tar_.next()) {
      if (!path->ends_with(".json")) {
        ++others_;
        continue;
      }
      const std::string place = fmt::format("{}: {}", tar_.name(), *path);
      if (tar_.size() > most_page_bytes) {
        throw input_error("{}: more than {} MiB", place, most_page_bytes >> 20);
      }
      return PageRecord{tar_.content(), place, 0, options_};
    }
    return std::nullopt;
  }

  Counts passed_over() const override {
    return {{"other members", others_ + tar_.others()}};
  }

  void record_inputs(Provenance& provenance) override {
    tar_.record(provenance);
  }

 private:
  Options options_;
  TarReader tar_;
  int64_t others_ = 0;
};

}  // namespace

Page page_of(PageRecord record) {
  try {
    if (const auto invalid = find_invalid_utf8(record.json)) {
      throw input_error("byte {} is not UTF-8",
                        record.first_byte + static_cast<int64_t>(*invalid));
    }
    Page page = page_of(nlohmann::json::parse(record.json, nullptr, false),
                        record.options->format, record.options->image_root);
    page.place = std::move(record.place);
    return page;
  } catch (const Error& error) {
    throw input_error("{}: {}", record.place, error.what());
  }
}

std::unique_ptr<PageSource> open_pages(const std::string& path,
                                       const PageOptions& options) {
  auto known = std::make_shared<PageOptions>(options);
  if (known->image_root.empty()) {
    known->image_root = std::filesystem::path(path).parent_path();
  }
  if (is_tar_name(path)) return std::make_unique<TarPages>(path, known);
  return std::make_unique<LinePages>(path, known);
}

}  // namespace gato

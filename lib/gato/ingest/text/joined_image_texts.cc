#include "gato/ingest/text/joined_image_texts.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato::ingest {
namespace {

class JoinedImageTextSource : public ImageTextSource {
 public:
  explicit JoinedImageTextSource(JoinedImageTexts texts)
      : texts_(std::move(texts)) {
    std::stable_sort(texts_.records.begin(), texts_.records.end(),
                     [](const auto& a, const auto& b) {
                       return a.image_index < b.image_index;
                     });
  }

  std::optional<ImageTexts> next() override {
    if (next_record_ < texts_.records.size()) {
      return next_image();
    }
    if (next_error_ == texts_.errors.size()) {
      return std::nullopt;
    }
    throw base::input_error("{}", texts_.errors[next_error_++]);
  }

  Counts skipped() const override { return texts_.skipped; }

  void record_inputs(data::Provenance& provenance) override {
    for (const auto& input : texts_.inputs) {
      provenance.add_input(input);
    }
  }

 private:
  ImageTexts next_image() {
    const size_t image = texts_.records[next_record_].image_index;
    ImageTexts result{
        stored_image_at(texts_.image_root, texts_.image_paths[image]), {}};
    for (; next_record_ < texts_.records.size(); ++next_record_) {
      JoinedImageTexts::Record& record = texts_.records[next_record_];
      if (record.image_index != image) {
        break;
      }
      for (const std::string& suffix : record.suffixes) {
        result.texts.push_back(
            {record.prefix + suffix,
             fmt::format("{} {}", texts_.record_label, record.id)});
      }
      record = {image, 0, {}, {}};  // free its memory
    }
    return result;
  }

  JoinedImageTexts texts_;
  size_t next_record_ = 0, next_error_ = 0;
};

}  // namespace

std::string RecordNames::name(const nlohmann::json& record,
                              int64_t index) const {
  const auto id = record.find(id_key);
  if (id == record.end() || !id->is_number_integer()) {
    return fmt::format("{}: {}[{}]", path, list, index);
  }
  return fmt::format("{}: {} {}", path, noun, id->get<int64_t>());
}

std::unique_ptr<ImageTextSource> make_joined_source(JoinedImageTexts texts) {
  return std::make_unique<JoinedImageTextSource>(std::move(texts));
}

}  // namespace gato::ingest

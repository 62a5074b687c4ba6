#include "gato/ingest/joined_texts.h"

#include <algorithm>
#include <utility>

#include "gato/base/error.h"

namespace gato {
namespace {

class JoinedSource : public ImageTextSource {
 public:
  explicit JoinedSource(JoinedTexts texts) : texts_(std::move(texts)) {
    std::stable_sort(
        texts_.records.begin(), texts_.records.end(),
        [](const auto& a, const auto& b) { return a.image < b.image; });
  }

  std::optional<ImageTexts> next() override {
    if (record_ < texts_.records.size()) return next_image();
    if (problem_ == texts_.problems.size()) return std::nullopt;
    throw input_error("{}", texts_.problems[problem_++]);
  }

  Counts passed_over() const override { return texts_.passed_over; }

  void record_inputs(Provenance& provenance) override {
    for (const auto& input : texts_.inputs) provenance.add_input(input);
  }

 private:
  ImageTexts next_image() {
    const size_t image = texts_.records[record_].image;
    ImageTexts result{image_in(texts_.image_root, texts_.images[image]), {}};
    for (; record_ < texts_.records.size(); ++record_) {
      JoinedTexts::Record& record = texts_.records[record_];
      if (record.image != image) break;
      for (const std::string& ending : record.endings) {
        result.texts.push_back({record.beginning + ending,
                                fmt::format("{} {}", texts_.label, record.id)});
      }
      record = {image, 0, {}, {}};  // its memory is not needed any more
    }
    return result;
  }

  JoinedTexts texts_;
  size_t record_ = 0, problem_ = 0;
};

}  // namespace

std::unique_ptr<ImageTextSource> make_source(JoinedTexts texts) {
  return std::make_unique<JoinedSource>(std::move(texts));
}

}  // namespace gato

#include "gato/base/progress.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace gato::base;

namespace {

class RecordingDisplay : public ProgressDisplay {
 public:
  void begin(const std::string& /*label*/, const std::string& /*unit*/,
             int64_t /*total*/, int64_t initial_done) override {
    lines.emplace_back(initial_done, "begin");
  }
  void update(int64_t done, const std::string& note) override {
    lines.emplace_back(done, note);
  }
  void end() override { lines.emplace_back(0, "end"); }

  std::vector<std::pair<int64_t, std::string>> lines;
};

}  // namespace

TEST_CASE("A note can be shown without counting") {
  RecordingDisplay display;
  {
    Progress progress(&display, "task", "episodes", /*total=*/5,
                      /*initial_done=*/2);
    progress.show_note("10 steps");
    progress.advance(1, "20 steps");
  }
  CHECK(display.lines ==
        std::vector<std::pair<int64_t, std::string>>{
            {2, "begin"}, {2, "10 steps"}, {3, "20 steps"}, {0, "end"}});
  Progress(nullptr, "task", "episodes").show_note("nothing is shown");
}

#include "gato/rollout/video_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace gato::rollout {
namespace {

constexpr int kMargin = 6, kLineHeight = 14, kCaptionLines = 2;
constexpr int kTitleHeight = 20, kMinCellWidth = 150;
const cv::Scalar kBackground(24, 24, 28), kBox(44, 44, 50),
    kText(230, 230, 230), kDimText(160, 160, 165), kGreen(90, 210, 110),
    kRed(240, 100, 90);

struct Grid {
  explicit Grid(int64_t count)
      : columns(
            static_cast<int>(std::ceil(std::sqrt(static_cast<double>(count))))),
        rows(static_cast<int>((count + columns - 1) / columns)),
        box(video_box_size(count)),
        cell_width(std::max(box, kMinCellWidth)),
        cell_height(box + kCaptionLines * kLineHeight + 2) {}

  int width() const { return kMargin + columns * (cell_width + kMargin); }
  int height() const {
    return kTitleHeight + rows * (cell_height + kMargin) + kMargin / 2;
  }

  int columns, rows, box, cell_width, cell_height;
};

// Draws ASCII; other characters become '?'.
void draw_text(cv::Mat& canvas, const std::string& text, int left, int baseline,
               const cv::Scalar& color) {
  std::string ascii;
  for (const char c : text) {
    ascii += c >= ' ' && c <= '~' ? c : '?';
  }
  cv::putText(canvas, ascii, {left, baseline}, cv::FONT_HERSHEY_PLAIN, 0.9,
              color, 1, cv::LINE_AA);
}

int text_width(const std::string& text) {
  int baseline = 0;
  return cv::getTextSize(text, cv::FONT_HERSHEY_PLAIN, 0.9, 1, &baseline).width;
}

// Draws the frame of an episode into a cell, and its caption below it.
void draw_cell(cv::Mat cell, int box, int64_t episode,
               const VideoClip::State& state) {
  const int left = (cell.cols - box) / 2;
  cell(cv::Rect(left, 0, box, box)).setTo(kBox);
  if (state.frame) {
    const cv::Mat frame(state.frame->height, state.frame->width, CV_8UC3,
                        const_cast<uint8_t*>(state.frame->pixels.data()));
    cv::Mat area =
        cell(cv::Rect(left + (box - frame.cols) / 2, (box - frame.rows) / 2,
                      frame.cols, frame.rows));
    frame.copyTo(area);
  }
  const int first_line = box + kLineHeight - 2;
  draw_text(cell, fmt::format("episode {}", episode), 0, first_line, kText);
  const std::string time = fmt::format("step {}", state.step);
  draw_text(cell, time, cell.cols - text_width(time), first_line,
            state.has_ended ? kText : kDimText);
  const int second_line = first_line + kLineHeight;
  draw_text(cell, fmt::format("return {:.4g}", state.total_reward), 0,
            second_line, kText);
  std::string outcome;
  cv::Scalar color = kRed;
  if (state.failed) {
    outcome = "failed";
  } else if (state.success.value_or(false)) {
    outcome = "success";
    color = kGreen;
  } else if (state.has_ended) {
    outcome = state.success ? "no success" : "ended";
    color = state.success ? kRed : kDimText;
  }
  draw_text(cell, outcome, cell.cols - text_width(outcome), second_line, color);
}

}  // namespace

int video_box_size(int64_t count) {
  if (count == 1) {
    return 256;
  }
  return count <= 4 ? 192 : count <= 16 ? 160 : 128;
}

data::Image draw_video_frame(const std::string& title,
                             const std::map<int64_t, VideoClip>& clips,
                             int64_t step) {
  const Grid grid(std::ssize(clips));
  data::Image image;
  image.height = grid.height();
  image.width = grid.width();
  image.pixels.resize(size_t{3} * image.height * image.width);
  cv::Mat canvas(image.height, image.width, CV_8UC3, image.pixels.data());
  canvas.setTo(kBackground);
  draw_text(canvas, title, kMargin, kTitleHeight - 6, kText);
  int index = 0;
  for (const auto& [episode, clip] : clips) {
    const int column = index % grid.columns, row = index / grid.columns;
    ++index;
    draw_cell(canvas(cv::Rect(kMargin + column * (grid.cell_width + kMargin),
                              kTitleHeight + row * (grid.cell_height + kMargin),
                              grid.cell_width, grid.cell_height)),
              grid.box, episode, clip.state_at(step));
  }
  return image;
}

}  // namespace gato::rollout

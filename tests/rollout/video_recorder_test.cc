#include "gato/rollout/video_recorder.h"

#include "catch.h"
#include "gato/base/error.h"
#include "gato/rollout/animation.h"
#include "gato/rollout/episode_runner.h"
#include "gato/rollout/scripted_policy.h"
#include "gato/rollout/video_grid.h"
#include "rollout/toy_environment.h"

using namespace gato;
using namespace gato::rollout;

namespace {

data::Image solid_image(int height, int width, uint8_t value) {
  return {height, width,
          std::vector<uint8_t>(static_cast<size_t>(height) * width * 3, value)};
}

// An environment whose frames become brighter, and which may fail to render.
class RenderedEnvironment : public ToyEnvironment {
 public:
  using ToyEnvironment::ToyEnvironment;
  data::Image render() override {
    if (on_render) {
      on_render(*this);
    }
    return solid_image(20, 30, static_cast<uint8_t>(100 + 10 * step_count()));
  }
  std::function<void(RenderedEnvironment&)> on_render;
};

struct VideoRun {
  std::vector<std::vector<double>> rewards;  // per episode
  std::string video;
  int completions = 0;
};

// Plays five episodes of six steps in three slots, and records the first three.
VideoRun record_video(
    const std::function<void(RenderedEnvironment&)>& on_render = {}) {
  VideoRecorder recorder("toy/counter", {0, 1, 2});
  VideoRun result;
  RunnerCallbacks callbacks;
  callbacks.on_step = [&](const PolicyInput& input) {
    return recorder.observe_step(input);
  };
  callbacks.on_render = [&](const PolicyInput& input) {
    return recorder.add_rendered_frame(input);
  };
  callbacks.on_episode_end = [&](const data::Episode& episode,
                                 const EpisodeReport& report) {
    CHECK_FALSE(report.was_retried);
    if (recorder.end_episode(episode)) {
      result.video = recorder.encode("video.webp");
      ++result.completions;
    }
  };
  RunnerOptions options;
  options.batches = plan_batches(5, 3);
  run_episodes(
      options,
      [&] {
        auto environment = std::make_unique<RenderedEnvironment>(6);
        environment->mutable_spec().has_render = true;
        environment->on_render = on_render;
        return environment;
      },
      [](int64_t) { return make_expert_policy(); },
      [&](data::Episode&& episode) {
        CHECK_FALSE(episode.failed);
        result.rewards.push_back(episode.rewards);
      },
      callbacks);
  return result;
}

// An episode of `steps` steps with a reward of 0.5 each, which succeeds in step
// `success`.
data::Episode sample_episode(int64_t id, int64_t steps, int64_t success) {
  data::Episode episode;
  episode.id = id;
  episode.rewards.assign(steps, 0.5);
  episode.actions = {data::Array::zeros(data::DType::int64, {steps})};
  episode.infos["success"].assign(steps + 1, 0);
  episode.infos["success"][success] = 1;
  episode.success = true;
  return episode;
}

}  // namespace

TEST_CASE("A video is complete when all of its episodes have ended") {
  const VideoRun run = record_video();
  REQUIRE(run.completions == 1);
  REQUIRE(has_format_of("video.webp", run.video));
  REQUIRE(run.rewards.size() == 5);
}

TEST_CASE("A renderer that fails costs frames or the video, no episode") {
  const VideoRun expected = record_video();
  SECTION("at one step") {
    const VideoRun run = record_video([](RenderedEnvironment& environment) {
      if (environment.step_count() == 2) {
        throw env::EnvironmentError("no light");
      }
    });
    CHECK_FALSE(run.video.empty());
    CHECK(run.rewards == expected.rewards);
  }
  SECTION("at every step") {
    const VideoRun run = record_video(
        [](RenderedEnvironment&) { throw env::EnvironmentError("no light"); });
    CHECK(run.completions == 1);
    CHECK(run.video.empty());
    CHECK(run.rewards == expected.rewards);
  }
  SECTION("with its environment") {
    int64_t losses = 0;
    const VideoRun run = record_video([&](RenderedEnvironment& environment) {
      if (environment.step_count() == 3) {
        ++losses;
        throw env::EnvironmentLostError("it ended");
      }
    });
    CHECK(losses >= 1);
    CHECK(losses <= 3);  // one per recorded episode
    CHECK(run.video.empty());
    CHECK(run.rewards == expected.rewards);
  }
}

TEST_CASE("Of a long episode, every second or fourth step has a frame") {
  VideoClip clip(16);
  for (int64_t step = 0; step <= 1500; ++step) {
    clip.add_frame(step, solid_image(16, 16, static_cast<uint8_t>(step / 10)));
  }
  clip.end(sample_episode(0, 1500, 700));
  REQUIRE(clip.stride() == 4);
  REQUIRE(clip.step_count() == 1500);
  const VideoClip::State state = clip.state_at(403);
  REQUIRE(state.step == 403);
  REQUIRE(state.frame->pixels[0] == 40);
  REQUIRE(state.total_reward == 201.5);
  REQUIRE(state.success == false);
  REQUIRE_FALSE(state.has_ended);
  REQUIRE(clip.state_at(700).success == true);
  const VideoClip::State last = clip.state_at(9999);
  REQUIRE(last.step == 1500);
  REQUIRE(last.has_ended);
  REQUIRE(last.frame->pixels[0] == 150);
}

TEST_CASE("A second attempt replaces the frames of the first") {
  VideoClip clip(16);
  clip.add_frame(0, solid_image(16, 16, 1));
  clip.clear();
  clip.end(sample_episode(0, 3, 1));
  REQUIRE_FALSE(clip.has_frames());
  REQUIRE_FALSE(clip.state_at(2).frame);
}

TEST_CASE("Frames are enlarged or reduced to fit into their box") {
  for (const auto& [height, width, expected_height, expected_width] :
       {std::array{40, 20, 80, 40},
        {400, 200, 100, 50},
        {50, 30, 100, 60},
        {1, 4000, 1, 100}}) {
    VideoClip clip(100);
    clip.add_frame(0, solid_image(height, width, 9));
    const data::Image frame = *clip.state_at(0).frame;
    CHECK(frame.height == expected_height);
    CHECK(frame.width == expected_width);
    CHECK(frame.pixels[0] == 9);
  }
}

TEST_CASE("All frames of a video have one size, whatever happens") {
  std::map<int64_t, VideoClip> clips;
  for (int64_t i = 0; i < 5; ++i) {
    VideoClip& clip =
        clips.emplace(i, VideoClip(video_box_size(5))).first->second;
    for (int64_t step = 0; step <= 4 * i; ++step) {
      if (i != 3) {
        clip.add_frame(step,
                       solid_image(20 + 40 * static_cast<int>(i), 50, 200));
      }
    }
    data::Episode episode = sample_episode(i, 4 * i, 0);
    episode.failed = i == 4;
    clip.end(episode);
  }
  const data::Image first = draw_video_frame("a task \xc3\xa9", clips, 0);
  for (const int64_t step : {1, 7, 100}) {
    const data::Image frame = draw_video_frame("a task \xc3\xa9", clips, step);
    CHECK(frame.height == first.height);
    CHECK(frame.width == first.width);
    CHECK(frame.pixels != first.pixels);
  }
}

TEST_CASE("An environment without images cannot be recorded") {
  ToyEnvironment environment(3);
  const data::FieldValues observation = environment.reset(1);
  PolicyInput input;
  input.observation = &observation;
  input.environment = &environment;
  VideoRecorder recorder("toy", {0});
  REQUIRE_THROWS_AS(recorder.observe_step(input), base::Error);
}

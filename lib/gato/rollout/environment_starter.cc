#include "gato/rollout/environment_starter.h"

#include <utility>

namespace gato::rollout {

EnvironmentStarter::EnvironmentStarter(EnvironmentFactory make_environment,
                                       int64_t count)
    : make_environment_(std::move(make_environment)) {
  for (int64_t i = 0; i < count; ++i) {
    starts_.push_back(std::async(std::launch::async, make_environment_));
  }
}

env::EnvironmentSpec EnvironmentStarter::first_spec() {
  std::unique_ptr<env::Environment> environment = take();
  env::EnvironmentSpec spec = environment->spec();
  std::promise<std::unique_ptr<env::Environment>> started;
  started.set_value(std::move(environment));
  const std::lock_guard lock(mutex_);
  starts_.push_front(started.get_future());
  return spec;
}

std::unique_ptr<env::Environment> EnvironmentStarter::take() {
  Start start;
  {
    const std::lock_guard lock(mutex_);
    if (!starts_.empty()) {
      start = std::move(starts_.front());
      starts_.pop_front();
    }
  }
  return start.valid() ? start.get() : make_environment_();
}

void EnvironmentStarter::close() {
  std::deque<Start> starts;
  {
    const std::lock_guard lock(mutex_);
    starts.swap(starts_);
  }
}

}  // namespace gato::rollout

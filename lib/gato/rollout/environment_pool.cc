#include "gato/rollout/environment_pool.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace gato::rollout {
namespace {

// The environments that are not in use.
class Pool {
 public:
  explicit Pool(EnvironmentFactory make_environment)
      : make_environment_(std::move(make_environment)) {}

  std::unique_ptr<env::Environment> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<env::Environment> environment = std::move(idle_.back());
        idle_.pop_back();
        return environment;
      }
    }
    return make_environment_();
  }
  void put_back(std::unique_ptr<env::Environment> environment) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(environment));
  }

 private:
  const EnvironmentFactory make_environment_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<env::Environment>> idle_;
};

// An environment that returns to its pool when it is destroyed.
class PooledEnvironment : public env::Environment {
 public:
  explicit PooledEnvironment(std::shared_ptr<Pool> pool)
      : pool_(std::move(pool)), environment_(pool_->take()) {}
  ~PooledEnvironment() override { pool_->put_back(std::move(environment_)); }

  const env::EnvironmentSpec& spec() const override {
    return environment_->spec();
  }
  data::FieldValues reset(uint64_t seed) override {
    return environment_->reset(seed);
  }
  env::StepResult step(const data::FieldValues& action) override {
    return environment_->step(action);
  }
  data::FieldValues expert_action() override {
    return environment_->expert_action();
  }
  data::Image render() override { return environment_->render(); }

  void begin_reset(uint64_t seed) override { environment_->begin_reset(seed); }
  data::FieldValues finish_reset() override {
    return environment_->finish_reset();
  }
  void begin_step(const data::FieldValues& action) override {
    environment_->begin_step(action);
  }
  env::StepResult finish_step() override { return environment_->finish_step(); }
  void begin_expert_action() override { environment_->begin_expert_action(); }
  data::FieldValues finish_expert_action() override {
    return environment_->finish_expert_action();
  }
  void begin_render() override { environment_->begin_render(); }
  data::Image finish_render() override { return environment_->finish_render(); }
  bool has_reply() const override { return environment_->has_reply(); }
  void add_waits(env::WaitSet& waits) override {
    environment_->add_waits(waits);
  }
  void advance(const env::WaitSet& waits) override {
    environment_->advance(waits);
  }

 private:
  const std::shared_ptr<Pool> pool_;
  std::unique_ptr<env::Environment> environment_;
};

}  // namespace

EnvironmentFactory make_pooled_factory(EnvironmentFactory make_environment) {
  return [pool = std::make_shared<Pool>(std::move(make_environment))] {
    return std::make_unique<PooledEnvironment>(pool);
  };
}

}  // namespace gato::rollout

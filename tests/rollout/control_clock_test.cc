#include "gato/rollout/control_clock.h"

#include "catch.h"

using gato::rollout::ControlClock;
using std::chrono::milliseconds;

namespace {

// A clock with a period of 50 ms whose first observation arrived at 1000 ms.
class TestClock {
 public:
  TestClock() { clock_.begin(milliseconds(50), at(1000)); }

  // The action for the last observation is known at `known` ms, and the thread
  // looks at the clock in every millisecond from then on. Returns when the
  // action is sent.
  int64_t send(int64_t known) {
    clock_.schedule(at(known));
    int64_t now = known;
    while (!clock_.may_send(at(now))) {
      ++now;
    }
    clock_.send(at(now));
    return now;
  }
  void observe(int64_t now) { clock_.observe(at(now)); }
  ControlClock& clock() { return clock_; }
  static ControlClock::Time at(int64_t ms) {
    return ControlClock::Time(milliseconds(ms));
  }

 private:
  ControlClock clock_;
};

}  // namespace

TEST_CASE("The first action is sent at once, every other one at a tick") {
  TestClock test;
  REQUIRE(test.send(1007) == 1007);
  test.observe(1012);
  REQUIRE(test.send(1020) == 1050);
  test.observe(1055);
  REQUIRE(test.send(1100) == 1100);
  REQUIRE(test.clock().timing().overruns == 0);
  REQUIRE(test.clock().timing().latencies ==
          std::vector<double>{0.007, 0.038, 0.045});
}

TEST_CASE("Delays do not add up") {
  TestClock test;
  for (int64_t step = 0; step < 1000; ++step) {
    // Every action is known shortly before its tick, which is never moved.
    const int64_t sent = test.send(1000 + 50 * step - (step > 0 ? 1 : 0));
    REQUIRE(sent == 1000 + 50 * step);
    test.observe(sent + 3);
  }
  REQUIRE(test.clock().timing().overruns == 0);
}

TEST_CASE("A late action takes the next tick to come") {
  TestClock test;
  REQUIRE(test.send(1001) == 1001);
  test.observe(1002);
  REQUIRE(test.send(1051) == 1100);
  REQUIRE(test.clock().timing().overruns == 1);
  test.observe(1102);
  REQUIRE(test.send(1250) == 1250);  // instead of 1150 and 1200
  REQUIRE(test.clock().timing().overruns == 3);
  test.observe(1255);
  REQUIRE(test.send(1260) == 1300);
  REQUIRE(test.clock().timing().overruns == 3);
}

TEST_CASE("A first action that takes longer than a period is late, too") {
  TestClock test;
  REQUIRE(test.send(1060) == 1100);
  REQUIRE(test.clock().timing().overruns == 2);
  test.observe(1101);
  REQUIRE(test.send(1102) == 1150);
}

TEST_CASE("An action whose tick the thread has missed is scheduled again") {
  TestClock test;
  REQUIRE(test.send(1001) == 1001);
  test.observe(1002);
  test.clock().schedule(TestClock::at(1010));
  REQUIRE(test.clock().send_time() == TestClock::at(1050));
  // A part of a period late is jitter, which is not an overrun.
  REQUIRE(test.clock().may_send(TestClock::at(1060)));
  REQUIRE_FALSE(test.clock().may_send(TestClock::at(1101)));
  REQUIRE(test.clock().send_time() == TestClock::at(1150));
  REQUIRE(test.clock().timing().overruns == 2);
}

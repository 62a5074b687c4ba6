#include "gato/train/distributed/meeting.h"

#include <arpa/inet.h>
#include <c10/util/Logging.h>
#include <netdb.h>
#include <sys/socket.h>
#include <torch/csrc/distributed/c10d/exception.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "gato/base/error.h"
#include "gato/base/one_line.h"
#include "gato/base/signals.h"

namespace gato {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long one attempt lasts between two looks for a signal.
constexpr milliseconds attempt_time{2000};

int64_t seconds(milliseconds time) {
  return std::chrono::round<std::chrono::seconds>(time).count();
}

// c10d warns, with stack traces, of every connection that ends, as those of
// ranks that have ended do; what matters of it, the watch says.
void silence_warnings() {
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr)
    FLAGS_caffe2_log_level = 2;  // errors
}

Store serve(const Launch& launch, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = launch.port;
  options.isServer = true;
  options.waitWorkers = false;
  options.timeout = timeout;
  if (launch.listener >= 0) options.masterListenFd = launch.listener;
  try {
    return c10::make_intrusive<c10d::TCPStore>(launch.host, options);
  } catch (const c10::Error& error) {
    throw run_error(
        "rank 0 cannot serve the other ranks on port {} ({}): set MASTER_PORT "
        "to a free one",
        launch.port, first_line(error.what_without_backtrace()));
  }
}

Store connect(const Launch& launch, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = launch.port;
  options.waitWorkers = false;
  options.timeout = std::min(timeout, attempt_time);
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    throw_if_stopped();
    try {
      auto store = c10::make_intrusive<c10d::TCPStore>(launch.host, options);
      store->setTimeout(timeout);
      return store;
    } catch (const c10::Error& error) {
      if (Clock::now() < deadline) continue;
      throw run_error(
          "rank {} has found no rank 0 at {}, port {}, within {} s ({})",
          launch.rank, launch.host, launch.port, seconds(timeout),
          first_line(error.what_without_backtrace()));
    }
  }
}

// The address of this machine that it sends from to `host`: what the other
// ranks, which know the way to `host` too, can answer to.
std::string address_towards(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints,
                    &found) != 0) {
    throw run_error("the host of rank 0, {}, is not known here", host);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(
      found, ::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int socket = ::socket(one->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage own{};
    socklen_t length = sizeof(own);
    auto* const address = reinterpret_cast<sockaddr*>(&own);
    // Nothing is sent: connecting a datagram socket looks up the route.
    const bool is_known =
        ::connect(socket, one->ai_addr, one->ai_addrlen) == 0 &&
        ::getsockname(socket, address, &length) == 0;
    ::close(socket);
    std::array<char, NI_MAXHOST> text{};
    if (is_known && ::getnameinfo(address, length, text.data(), text.size(),
                                  nullptr, 0, NI_NUMERICHOST) == 0) {
      return text.data();
    }
  }
  throw run_error("there is no way from here to the host of rank 0, {}", host);
}

std::string own_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{} (process {})", host.data(), ::getpid());
}

std::string name_key(int64_t rank) { return fmt::format("name/{}", rank); }

// Sets this rank's name and waits for those of all others.
std::vector<std::string> exchange_names(c10d::Store& store,
                                        const Launch& launch,
                                        milliseconds timeout) {
  store.set(name_key(launch.rank), own_name());
  const auto deadline = Clock::now() + timeout;
  std::vector<std::string> names;
  for (int64_t rank = 0; rank < launch.size; ++rank) {
    while (!store.check({name_key(rank)})) {
      throw_if_stopped();
      if (Clock::now() >= deadline) {
        std::vector<int64_t> missing;
        for (int64_t other = rank; other < launch.size; ++other) {
          if (!store.check({name_key(other)})) missing.push_back(other);
        }
        throw run_error("{} of the {} ranks have not come within {} s: {}",
                        missing.size(), launch.size, seconds(timeout),
                        fmt::join(missing, ", "));
      }
      ::usleep(20000);
    }
    names.push_back(store.get_to_str(name_key(rank)));
  }
  return names;
}

}  // namespace

Meeting meet(const Launch& launch, milliseconds timeout) {
  silence_warnings();
  const bool serves = launch.rank == 0 && !launch.is_served;
  const Store store =
      serves ? serve(launch, timeout) : connect(launch, timeout);
  const std::string prefix = "gato-train/" + launch.attempt;
  Meeting meeting;
  meeting.exchange = c10::make_intrusive<c10d::PrefixStore>(prefix, store);
  meeting.watch =
      c10::make_intrusive<c10d::PrefixStore>(prefix, connect(launch, timeout));
  meeting.address = address_towards(launch.host, launch.port);
  meeting.names = exchange_names(*meeting.exchange, launch, timeout);
  return meeting;
}

}  // namespace gato

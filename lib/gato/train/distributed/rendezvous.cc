#include "gato/train/distributed/rendezvous.h"

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
#include "gato/base/signals.h"
#include "gato/base/string_util.h"

// Rank 0 serves a TCPStore, unless torchrun does, and the other ranks connect
// to it, retrying until the timeout. Every rank then publishes its name and
// waits for the names of all others. All waiting is done in short attempts,
// between which stop signals are handled.
namespace gato::train {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Maximum duration of one attempt to connect, between checks for stop signals.
constexpr milliseconds kConnectAttemptTimeout{2000};

int64_t to_seconds(milliseconds time) {
  return std::chrono::round<std::chrono::seconds>(time).count();
}

// Silences c10d, which warns with stack traces of every closed connection, also
// of ranks that have exited. The heartbeat monitor reports failed ranks.
void silence_c10d_warnings() {
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) {
    FLAGS_caffe2_log_level = 2;  // errors only
  }
}

Store create_store(const LaunchInfo& launch, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = launch.master_port;
  options.isServer = true;
  options.waitWorkers = false;
  options.timeout = timeout;
  if (launch.listen_fd >= 0) {
    options.masterListenFd = launch.listen_fd;
  }
  try {
    return c10::make_intrusive<c10d::TCPStore>(launch.master_host, options);
  } catch (const c10::Error& error) {
    throw base::run_error(
        "rank 0 cannot serve the other ranks on port {} ({}): set MASTER_PORT "
        "to a free one",
        launch.master_port, base::first_line(error.what_without_backtrace()));
  }
}

Store connect_to_store(const LaunchInfo& launch, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = launch.master_port;
  options.waitWorkers = false;
  options.timeout = std::min(timeout, kConnectAttemptTimeout);
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    base::throw_if_stopped();
    try {
      auto store =
          c10::make_intrusive<c10d::TCPStore>(launch.master_host, options);
      store->setTimeout(timeout);
      return store;
    } catch (const c10::Error& error) {
      if (Clock::now() < deadline) {
        continue;
      }
      throw base::run_error(
          "rank {} could not connect to rank 0 at {}, port {}, within {} s "
          "({})",
          launch.rank, launch.master_host, launch.master_port,
          to_seconds(timeout),
          base::first_line(error.what_without_backtrace()));
    }
  }
}

// Returns the address from which this machine sends to `host`. The other ranks,
// which also have a route to `host`, are expected to reach this machine there.
std::string local_address_towards(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* first_address = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints,
                    &first_address) != 0) {
    throw base::run_error("cannot resolve the host of rank 0, {}", host);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(
      first_address, ::freeaddrinfo);
  for (const addrinfo* remote = first_address; remote != nullptr;
       remote = remote->ai_next) {
    const int socket =
        ::socket(remote->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage local{};
    socklen_t length = sizeof(local);
    auto* const address = reinterpret_cast<sockaddr*>(&local);
    // Connecting a datagram socket sends nothing, but selects a route and with
    // it the local address.
    const bool has_route =
        ::connect(socket, remote->ai_addr, remote->ai_addrlen) == 0 &&
        ::getsockname(socket, address, &length) == 0;
    ::close(socket);
    std::array<char, NI_MAXHOST> text{};
    if (has_route && ::getnameinfo(address, length, text.data(), text.size(),
                                   nullptr, 0, NI_NUMERICHOST) == 0) {
      return text.data();
    }
  }
  throw base::run_error("there is no route to the host of rank 0, {}", host);
}

std::string process_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{} (process {})", host.data(), ::getpid());
}

std::string name_key(int64_t rank) { return fmt::format("name/{}", rank); }

// Publishes the name of this rank and returns those of all ranks. Blocks until
// all have published theirs. Throws Error(run_failed), naming the missing
// ranks, after the timeout.
std::vector<std::string> exchange_names(c10d::Store& store,
                                        const LaunchInfo& launch,
                                        milliseconds timeout) {
  store.set(name_key(launch.rank), process_name());
  const auto deadline = Clock::now() + timeout;
  std::vector<std::string> names;
  for (int64_t rank = 0; rank < launch.world_size; ++rank) {
    while (!store.check({name_key(rank)})) {
      base::throw_if_stopped();
      if (Clock::now() >= deadline) {
        std::vector<int64_t> missing;
        for (int64_t other = rank; other < launch.world_size; ++other) {
          if (!store.check({name_key(other)})) {
            missing.push_back(other);
          }
        }
        throw base::run_error("{} of the {} ranks did not join within {} s: {}",
                              missing.size(), launch.world_size,
                              to_seconds(timeout), fmt::join(missing, ", "));
      }
      ::usleep(20000);
    }
    names.push_back(store.get_to_str(name_key(rank)));
  }
  return names;
}

}  // namespace

Rendezvous run_rendezvous(const LaunchInfo& launch, milliseconds timeout) {
  silence_c10d_warnings();
  const bool is_store_host = launch.rank == 0 && !launch.has_external_store;
  const Store store = is_store_host ? create_store(launch, timeout)
                                    : connect_to_store(launch, timeout);
  const std::string prefix = "gato-train/" + launch.attempt;
  Rendezvous result;
  result.collective_store =
      c10::make_intrusive<c10d::PrefixStore>(prefix, store);
  result.heartbeat_store = c10::make_intrusive<c10d::PrefixStore>(
      prefix, connect_to_store(launch, timeout));
  result.local_address =
      local_address_towards(launch.master_host, launch.master_port);
  result.rank_names = exchange_names(*result.collective_store, launch, timeout);
  return result;
}

}  // namespace gato::train

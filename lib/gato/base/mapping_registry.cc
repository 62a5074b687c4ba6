// A slot is in use if its path is not null. It is changed under a mutex, and
// read without one: `path` is set last and cleared first.
#include "gato/base/mapping_registry.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

namespace gato::base {
namespace {

struct Slot {
  std::atomic<const char*> path{nullptr};
  std::atomic<uintptr_t> begin{0}, end{0};
};

std::array<Slot, 4096> slots;
std::mutex slots_mutex;

}  // namespace

RegisteredMapping::RegisteredMapping(const void* address, size_t size,
                                     std::string path)
    : path_(std::move(path)) {
  const std::lock_guard lock(slots_mutex);
  for (size_t i = 0; i < slots.size(); ++i) {
    Slot& slot = slots[i];
    if (slot.path.load() == nullptr) {
      slot.begin = reinterpret_cast<uintptr_t>(address);
      slot.end = slot.begin + size;
      slot.path = path_.c_str();
      slot_ = static_cast<int>(i);
      return;
    }
  }
}

RegisteredMapping::~RegisteredMapping() {
  if (slot_ >= 0) {
    const std::lock_guard lock(slots_mutex);
    slots[static_cast<size_t>(slot_)].path = nullptr;
  }
}

const char* find_mapped_file(const void* address) {
  const auto value = reinterpret_cast<uintptr_t>(address);
  for (const Slot& slot : slots) {
    const char* const path = slot.path.load();
    if (path != nullptr && value >= slot.begin && value < slot.end) {
      return path;
    }
  }
  return nullptr;
}

}  // namespace gato::base

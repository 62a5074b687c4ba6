#include "gato/model/decode/huge_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace gato::model {
namespace {

constexpr int64_t kHugePage = int64_t{2} << 20;
constexpr int64_t kVectorAlignment = 64;

}  // namespace

HugeBuffer::HugeBuffer(int64_t bytes) : size_(bytes) {
  if (bytes == 0) {
    return;
  }
  const int64_t alignment = bytes < kHugePage ? kVectorAlignment : kHugePage;
  const int64_t rounded = (bytes + alignment - 1) / alignment * alignment;
  memory_ = std::aligned_alloc(alignment, rounded);
  if (memory_ == nullptr) {
    throw std::bad_alloc();
  }
  if (alignment == kHugePage) {
    // Only a hint: without huge pages, the buffer is as good but slower.
    madvise(memory_, rounded, MADV_HUGEPAGE);
  }
  std::memset(memory_, 0, rounded);
}

HugeBuffer::~HugeBuffer() { std::free(memory_); }

HugeBuffer::HugeBuffer(HugeBuffer&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

HugeBuffer& HugeBuffer::operator=(HugeBuffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  return *this;
}

void HugeBuffer::grow(int64_t bytes) {
  if (size_ < bytes) {
    *this = HugeBuffer(bytes);
  }
}

}  // namespace gato::model

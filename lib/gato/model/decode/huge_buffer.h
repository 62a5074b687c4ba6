// Memory for what decoding reads from beginning to end in every step.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gato::model {

// A buffer of zeros, aligned for vectors. A large one has pages of 2 MiB where
// the system offers them: processors prefetch within pages only, so that
// reading small ones takes up to twice as long.
class HugeBuffer {
 public:
  HugeBuffer() = default;
  // Throws std::bad_alloc if there is no memory.
  explicit HugeBuffer(int64_t bytes);
  ~HugeBuffer();
  HugeBuffer(HugeBuffer&& other) noexcept;
  HugeBuffer& operator=(HugeBuffer&& other) noexcept;

  template <class T>
  T* data() const {
    return static_cast<T*>(memory_);
  }
  int64_t size() const { return size_; }
  // Replaces the buffer with one of zeros if it has fewer bytes.
  void grow(int64_t bytes);

 private:
  void* memory_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace gato::model

// Memory for kernels: floats on a cache line.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace coin {

// Zeroed floats on a cache line; large ones take memory only where they are written to.
class Floats {
 public:
  explicit Floats(std::size_t count);
  float* get() const { return aligned_; }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> memory_;
  float* aligned_;
  std::size_t size_;
};

// Floats for each of a number of tasks or threads, kept from call to call.
class Shares {
 public:
  void resize(std::size_t count, std::size_t floats) {
    floats_ = (floats + 15) / 16 * 16;
    if (all_.size() < count * floats_) all_ = Floats(count * floats_);
  }
  float* operator[](std::size_t i) const { return all_.get() + i * floats_; }

 private:
  std::size_t floats_ = 0;
  Floats all_{0};
};

}  // namespace coin

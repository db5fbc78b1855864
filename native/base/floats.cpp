#include "base/floats.h"

#include <cstdint>

#include "base/memory.h"

namespace coin {
namespace {

constexpr std::size_t kLine = 64;

}  // namespace

Floats::Floats(std::size_t count)
    : memory_(std::calloc((count * sizeof(float) + kLine - 1) / kLine * kLine + kLine, 1)), aligned_(nullptr),
      size_(count) {
  if (!memory_) out_of_memory();
  const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
  aligned_ = reinterpret_cast<float*>((address + kLine - 1) / kLine * kLine);
}

}  // namespace coin

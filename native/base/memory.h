// Where memory ends: an exception, and without these, in WebAssembly, a trap.
#pragma once

#include <new>

namespace coin {

[[noreturn]] inline void out_of_memory() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  __builtin_trap();
#endif
}

// Does it and returns whether there was memory enough.
template <class Work>
bool within_memory(const Work& work) {
#if defined(__cpp_exceptions)
  try {
    work();
  } catch (const std::bad_alloc&) {
    return false;
  }
#else
  work();
#endif
  return true;
}

}  // namespace coin

// Kernels are compiled once per instruction set, each time in a namespace of its name.
#pragma once

#include "base/isa.h"

// Declares `name`, a constant of `Type` that every instruction set defines, and name_in_use(), which is that of the set
// in use. To be written inside namespace coin, in one source.
#if defined(__x86_64__) && !defined(COIN_ONE_ISA)
#define COIN_KERNELS(Type, name)             \
  namespace baseline {                       \
  extern const Type name;                    \
  }                                          \
  namespace avx2 {                           \
  extern const Type name;                    \
  }                                          \
  namespace avx512 {                         \
  extern const Type name;                    \
  }                                          \
  static const Type& name##_in_use() {       \
    switch (isa_in_use()) {                  \
      case Isa::avx512: return avx512::name; \
      case Isa::avx2: return avx2::name;     \
      default: return baseline::name;        \
    }                                        \
  }
#else
#define COIN_KERNELS(Type, name) \
  namespace native {             \
  extern const Type name;        \
  }                              \
  static const Type& name##_in_use() { return native::name; }
#endif

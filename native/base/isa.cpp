#include "base/isa.h"

#include <atomic>

#if defined(__x86_64__) && !defined(COIN_ONE_ISA)
#include <cpuid.h>
#endif

namespace coin {
namespace {

struct Named {
  Isa isa;
  const char* name;
};

#if defined(__x86_64__) && !defined(COIN_ONE_ISA)
// Which of the larger sets the machine has.
struct Larger {
  bool avx2, avx512;
};

// Asked of the processor: the compilers' own way needs their run-time library, which clang-cl does not link and zig's
// says no with.
Larger larger() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return {};
  const bool fma = c >> 12 & 1;
  unsigned saved, upper;  // registers that the system saves
  asm volatile("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return {};
  const bool avx2 = fma && (b >> 5 & 1) && (saved & 0x06) == 0x06;
  return {avx2, avx2 && (b >> 16 & 1) && (b >> 17 & 1) && (saved & 0xe6) == 0xe6};
}
#endif

const std::vector<Named>& supported() {
  static const std::vector<Named> found = [] {
#if defined(__x86_64__) && !defined(COIN_ONE_ISA)
    std::vector<Named> sets = {{Isa::baseline, "baseline"}};
    const Larger has = larger();
    if (has.avx2) sets.push_back({Isa::avx2, "avx2"});
    if (has.avx512) sets.push_back({Isa::avx512, "avx512"});
    return sets;
#else
    return std::vector<Named>{{Isa::native, "native"}};
#endif
  }();
  return found;
}

std::atomic<const Named*>& in_use() {
  static std::atomic<const Named*> set = &supported().back();
  return set;
}

}  // namespace

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Named& set : supported()) names.emplace_back(set.name);
  return names;
}

Isa isa_in_use() { return in_use().load()->isa; }
std::string selected_isa() { return in_use().load()->name; }

bool select_isa(const std::string& name) {
  for (const Named& set : supported())
    if (name == set.name) {
      in_use() = &set;
      return true;
    }
  return false;
}

}  // namespace coin

#include "base/isa.h"

#include <atomic>

namespace coin {
namespace {

struct Named {
  Isa isa;
  const char* name;
};

const std::vector<Named>& supported() {
  static const std::vector<Named> found = [] {
#if defined(__x86_64__) && !defined(COIN_ONE_ISA)
    std::vector<Named> sets = {{Isa::baseline, "baseline"}};
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      sets.push_back({Isa::avx2, "avx2"});
      if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        sets.push_back({Isa::avx512, "avx512"});
    }
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

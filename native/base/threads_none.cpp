// The thread pool where there are no threads.
#include "base/threads.h"

namespace coin {

int processors() { return 1; }

void parallel_for(int, std::int64_t count, const std::function<void(std::int64_t, int)>& task) {
  for (std::int64_t i = 0; i < count; ++i) task(i, 0);
}

}  // namespace coin

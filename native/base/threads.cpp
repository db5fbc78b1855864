#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/subnormals.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace coin {
namespace {

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `value` differs from `old`. A minibatch step lasts a few milliseconds and the optimiser
// between two of them less than one, so a worker stays awake that long before it goes to sleep.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  using Clock = std::chrono::steady_clock;
  const auto patience = Clock::now() + std::chrono::microseconds(1000);
  do {
    for (int i = 0; i < 64; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause();
    }
  } while (Clock::now() < patience);
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

class Pool {
 public:
  void run(int threads, std::int64_t count, const std::function<void(std::int64_t, int)>& task) {
    const std::lock_guard lock(mutex_);
    task_ = &task;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    const int helpers = std::min(ensure(threads - 1), threads - 1);
    running_.store(static_cast<std::uint32_t>(helpers), std::memory_order_relaxed);
    for (int i = 0; i < helpers; ++i) {
      workers_[i].calls.fetch_add(1, std::memory_order_release);
      workers_[i].calls.notify_one();
    }
    work(0);
    for (std::uint32_t left; (left = running_.load(std::memory_order_acquire)) != 0;) wait_for_change(running_, left);
  }

 private:
  struct Worker {
    std::atomic<std::uint32_t> calls{0};
  };

  // Grows the pool to `wanted` workers if the system allows, and returns how many there are.
  int ensure(int wanted) {
    while (static_cast<int>(workers_.size()) < wanted) {
      Worker& worker = workers_.emplace_back();
      const int number = static_cast<int>(workers_.size());
      try {
        std::thread([this, &worker, number] { serve(worker, number); }).detach();
      } catch (const std::system_error&) {
        workers_.pop_back();
        break;
      }
    }
    return static_cast<int>(workers_.size());
  }

  void serve(Worker& worker, int number) {
    for (std::uint32_t seen = 0;; ++seen) {
      wait_for_change(worker.calls, seen);
      work(number);
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
    }
  }

  void work(int number) {
    const FlushSubnormals flush;
    for (std::int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) (*task_)(i, number);
  }

  std::mutex mutex_;
  std::deque<Worker> workers_;
  const std::function<void(std::int64_t, int)>* task_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint32_t> running_{0};
};

// Never destroyed: its threads may be asleep in it when the process ends. A forked child has none of
// the threads, so it starts with a pool of its own.
Pool*& pool() {
  static Pool* instance = [] {
#if defined(__unix__) || defined(__APPLE__)
    pthread_atfork(nullptr, nullptr, [] { pool() = new Pool; });
#endif
    return new Pool;
  }();
  return instance;
}

}  // namespace

void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t, int)>& task) {
  threads = static_cast<int>(std::min<std::int64_t>({threads, count, kMaxThreads}));
  if (threads > 1) return pool()->run(threads, count, task);
  const FlushSubnormals flush;
  for (std::int64_t i = 0; i < count; ++i) task(i, 0);
}

}  // namespace coin

#include "base/threads.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "base/subnormals.h"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <time.h>
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

using Clock = std::chrono::steady_clock;

// Waits until `value` differs from `old`. A minibatch step lasts a few milliseconds and the optimiser
// between two of them less than one, so a thread stays awake that long before it goes to sleep, but
// leaves its core to whoever else wants it.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  const auto patience = Clock::now() + std::chrono::microseconds(1000);
  do {
    for (int i = 0; i < 64; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause();
    }
    std::this_thread::yield();
  } while (Clock::now() < patience);
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

// Nanoseconds that this thread has had a core for.
std::int64_t time_on_core() {
#if defined(__unix__) || defined(__APPLE__)
  timespec now;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0) return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
#endif
  return Clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// Whether help is worth having. A helper whose core another process wants may be stopped in the middle of
// a task, and then everything waits for it. So the pool keeps account of the work that helpers take off
// the caller and of the time that it waits for them; where it loses, calls do without for a while.
class Balance {
 public:
  bool alone(Clock::time_point now) const { return now < until_; }

  // After a call that lasted from `begin` to `end`, in which helpers worked for `helped` ns and the caller waited for
  // them from `waited` on.
  void add(std::int64_t helped, Clock::time_point begin, Clock::time_point waited, Clock::time_point end) {
    helped_ += std::chrono::nanoseconds(helped);
    waited_ += end - waited;
    spent_ += end - begin;
    if (spent_ < kWindow) return;
    // Where there was little to help with nothing is lost by helpers either.
    if (waited_ > spent_ / kLeast && helped_ - waited_ < spent_ / kLeast) {
      until_ = end + pause_;
      pause_ = std::min(2 * pause_, kLongestPause);
    } else {
      pause_ = kFirstPause;
    }
    helped_ = waited_ = spent_ = {};
  }

 private:
  using Duration = Clock::duration;
  static constexpr Duration kWindow = std::chrono::milliseconds(20), kFirstPause = std::chrono::milliseconds(50),
                            kLongestPause = std::chrono::milliseconds(400);
  static constexpr int kLeast = 20;  // a twentieth of the time

  Duration helped_{}, waited_{}, spent_{}, pause_ = kFirstPause;
  Clock::time_point until_{};
};

class Pool {
 public:
  void run(int threads, std::int64_t count, const std::function<void(std::int64_t, int)>& task) {
    const std::lock_guard lock(mutex_);
    const auto begin = Clock::now();
    const int helpers = balance_.alone(begin) ? 0 : std::min(ensure(threads - 1), threads - 1);
    task_.store(&task, std::memory_order_relaxed);
    count_.store(count, std::memory_order_relaxed);
    threads_.store(threads, std::memory_order_relaxed);
    helped_.store(0, std::memory_order_relaxed);
    finished_.store(0, std::memory_order_relaxed);
    // The number of the call above the number of tasks that are still to be had.
    const std::uint64_t call = (left_.load(std::memory_order_relaxed) | kLeft) + 1;
    left_.store(call + static_cast<std::uint64_t>(count), std::memory_order_release);
    for (int i = 0; i < helpers; ++i) {
      Worker& worker = workers_[static_cast<std::size_t>(i)];
      worker.calls.fetch_add(1, std::memory_order_release);
      worker.calls.notify_one();
    }
    work(0);
    const auto waited = Clock::now();
    const std::uint32_t all = static_cast<std::uint32_t>(count);
    for (std::uint32_t done; (done = finished_.load(std::memory_order_acquire)) != all;)
      wait_for_change(finished_, done);
    if (helpers > 0) balance_.add(helped_.load(std::memory_order_relaxed), begin, waited, Clock::now());
  }

 private:
  struct Worker {
    std::atomic<std::uint32_t> calls{0};
  };

  static constexpr std::uint64_t kLeft = 0xffffffff;

  // Grows the pool to `wanted` workers if the system allows, and returns how many there are.
  int ensure(int wanted) {
    for (; there_ < wanted; ++there_) {
      Worker& worker = workers_[static_cast<std::size_t>(there_)];
      try {
        std::thread([this, &worker, number = there_ + 1] { serve(worker, number); }).detach();
      } catch (const std::system_error&) {
        break;
      } catch (const std::bad_alloc&) {
        break;
      }
    }
    return there_;
  }

  void serve(Worker& worker, int number) {
    for (std::uint32_t seen = 0;;) {
      wait_for_change(worker.calls, seen);
      seen = worker.calls.load(std::memory_order_acquire);
      work(number);
    }
  }

  // Tasks until none is left. A helper that comes late finds none, or those of a later call: what it reads of a call
  // is that call's if it then gets a task of it, and until that is finished the call is not over.
  void work(int number) {
    const FlushSubnormals flush;
    std::int64_t before = number > 0 ? time_on_core() : 0;
    std::uint64_t left = left_.load(std::memory_order_acquire);
    while ((left & kLeft) != 0 && number < threads_.load(std::memory_order_relaxed)) {
      const auto* const task = task_.load(std::memory_order_relaxed);
      const std::int64_t i = count_.load(std::memory_order_relaxed) - static_cast<std::int64_t>(left & kLeft);
      if (!left_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      (*task)(i, number);
      if (number > 0) {
        const std::int64_t now = time_on_core();
        helped_.fetch_add(now - before, std::memory_order_relaxed);
        before = now;
      }
      finished_.fetch_add(1, std::memory_order_acq_rel);
      if (number > 0) finished_.notify_one();
      left = left_.load(std::memory_order_acquire);
    }
  }

  std::mutex mutex_;
  Balance balance_;
  std::array<Worker, kMaxThreads - 1> workers_;
  int there_ = 0;
  std::atomic<const std::function<void(std::int64_t, int)>*> task_{nullptr};
  std::atomic<std::int64_t> count_{0}, helped_{0};
  std::atomic<int> threads_{0};
  std::atomic<std::uint64_t> left_{0};
  std::atomic<std::uint32_t> finished_{0};
};

// Never destroyed: its threads may be asleep in it when the process ends. A forked child has none of the threads, so it
// starts with a pool of its own, in the same place: there need not be memory for another one.
Pool& pool() {
  alignas(Pool) static std::byte place[sizeof(Pool)];
  static Pool* const first = [] {
#if defined(__unix__) || defined(__APPLE__)
    pthread_atfork(nullptr, nullptr, [] { new (place) Pool; });
#endif
    return new (place) Pool;
  }();
  return *first;
}

}  // namespace

int processors() { return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads); }

void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t, int)>& task) {
  threads = static_cast<int>(std::min<std::int64_t>({threads, count, kMaxThreads}));
  if (threads > 1) return pool().run(threads, count, task);
  const FlushSubnormals flush;
  for (std::int64_t i = 0; i < count; ++i) task(i, 0);
}

}  // namespace coin

// What becomes of a decode whose memory ends, at every allocation that it makes: one error, nothing lost, and the next
// decode is as if nothing had been.
//
//     allocations FILE...
//
// In the place of operator new, and by the linker's --wrap of calloc and free, which the decoder has for large memory.
#include <coin.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "check.h"

extern "C" {
void* __real_calloc(std::size_t count, std::size_t size);
void __real_free(void* memory);
void* __wrap_calloc(std::size_t count, std::size_t size);
void __wrap_free(void* memory);
}

namespace {

// Allocations from the failing-th on fail while the library is at work: that one, or all of them.
std::atomic<bool> at_work, lasting, struck;
std::atomic<std::int64_t> asked, failing, live;

bool fails() {
  if (!at_work) return false;
  const std::int64_t number = ++asked;
  if (number != failing && !(lasting && number > failing)) return false;
  struck = true;
  return true;
}

void* counted(void* memory) {
  if (memory) ++live;
  return memory;
}

void* allocate(std::size_t size) { return fails() ? nullptr : counted(std::malloc(size ? size : 1)); }

void* allocate(std::size_t size, std::align_val_t alignment) {
  const auto line = static_cast<std::size_t>(alignment);
  return fails() ? nullptr : counted(std::aligned_alloc(line, (size + line - 1) / line * line));
}

void release(void* memory) {
  if (memory) --live;
  __real_free(memory);
}

void* or_throw(void* memory) {
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* __wrap_calloc(std::size_t count, std::size_t size) {
  return fails() ? nullptr : counted(__real_calloc(count, size));
}
void __wrap_free(void* memory) { release(memory); }

void* operator new(std::size_t size) { return or_throw(allocate(size)); }
void* operator new[](std::size_t size) { return or_throw(allocate(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t line) { return or_throw(allocate(size, line)); }
void* operator new[](std::size_t size, std::align_val_t line) { return or_throw(allocate(size, line)); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace {

// The library at work.
template <class Call>
auto within(const Call& call) {
  at_work = true;
  const auto found = call();
  at_work = false;
  return found;
}

unsigned char data[1 << 16], samples[1 << 20];
std::size_t size;

struct Outcome {
  coin_code code;
  std::uint64_t sum;  // of what was shown
};

std::uint64_t add(std::uint64_t sum, const void* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    sum = (sum ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100000001B3u;
  return sum;
}

enum Request { kMetadata, kWhole, kThreads, kSmaller, kCut, kPreviews, kRequests };

Outcome previews_of(coin_picture* picture, const coin_options& options, std::size_t pixel) {
  coin_error error;
  coin_previews* const previews = within([&] { return coin_previews_open(picture, &options, &error); });
  if (!previews) return {error.code, 0};
  Outcome outcome = {COIN_OK, 0};
  coin_preview preview;
  int there;
  while ((there = within([&] { return coin_previews_next(previews, &preview, &error); })) == 1)
    outcome.sum = add(outcome.sum, preview.samples,
                      static_cast<std::size_t>(preview.width) * static_cast<std::size_t>(preview.height) * pixel);
  if (there < 0) outcome = {error.code, 0};
  coin_previews_close(previews);
  return outcome;
}

Outcome view_of(coin_picture* picture, const coin_options& options, std::size_t pixel) {
  coin_error error;
  coin_view* const view = within([&] { return coin_view_open(picture, &options, &error); });
  if (!view) return {error.code, 0};
  const std::size_t row = static_cast<std::size_t>(coin_view_width(view)) * pixel;
  const int rows = static_cast<int>(sizeof samples / (row + 1));
  Outcome outcome = {COIN_OK, 0};
  int there;
  while ((there = within([&] {
            return coin_view_read(view, samples, rows, static_cast<std::ptrdiff_t>(row + 1), &error);
          })) > 0)
    for (int r = 0; r < there; ++r)
      outcome.sum = add(outcome.sum, samples + static_cast<std::size_t>(r) * (row + 1), row);
  if (there < 0) outcome = {error.code, 0};
  coin_view_close(view);
  return outcome;
}

Outcome ask(Request request) {
  coin_error error = {};
  const std::size_t there = request == kCut ? size - size / 4 : size;
  coin_picture* const picture = within([&] { return coin_open(data, there, &error); });
  CHECK((picture == nullptr) == (error.code != COIN_OK));
  if (!picture) return {error.code, 0};
  const coin_info info = coin_picture_info(picture);
  const std::size_t pixel = static_cast<std::size_t>(info.channels * info.bit_depth / 8);
  coin_options options;
  coin_options_init(&options);
  options.threads = request == kThreads ? 3 : 1;
  options.partial = request == kCut;
  Outcome outcome;
  if (request == kMetadata) {
    coin_metadata metadata;
    outcome.code = within([&] { return coin_picture_metadata(picture, nullptr, &metadata, &error); });
    outcome.sum = outcome.code ? 0 : add(add(0, metadata.exif, metadata.exif_size), metadata.xmp, metadata.xmp_size);
  } else if (request == kPreviews) {
    outcome = previews_of(picture, options, pixel);
  } else {
    if (request == kSmaller) {
      options.right = info.width, options.bottom = info.height;
      options.left = info.width / 3, options.top = info.height / 4;
      options.width = options.height = 3;
    }
    outcome = view_of(picture, options, pixel);
  }
  coin_close(picture);
  return outcome;
}

Outcome ask_failing(Request request, std::int64_t number, bool all) {
  asked = 0;
  struck = false;
  failing = number;
  lasting = all;
  const Outcome outcome = ask(request);
  failing = 0;
  lasting = false;
  return outcome;
}

// Every allocation of a request, the library having been used before. Returns how many failed.
std::int64_t every(Request request) {
  const Outcome sound = ask(request);
  CHECK(sound.code != COIN_MEMORY);
  const std::int64_t held = live;
  std::int64_t failed = 0;
  for (const bool all : {false, true})
    for (std::int64_t number = 1;; ++number) {
      const Outcome outcome = ask_failing(request, number, all);
      CHECK(live == held);
      if (!struck) {
        CHECK(outcome.code == sound.code && outcome.sum == sound.sum);
        break;
      }
      CHECK(outcome.code == COIN_MEMORY);
      ++failed;
    }
  return failed;
}

}  // namespace

int main(int count, char** names) {
  std::int64_t failed = 0;
  for (int i = 1; i < count; ++i) {
    std::FILE* const file = std::fopen(names[i], "rb");
    CHECK(file);
    size = std::fread(data, 1, sizeof data, file);
    CHECK(size > 0 && size < sizeof data && std::fclose(file) == 0);
    // What is made once in a process, threads and tables, may fail too. Without more threads a picture is one all the
    // same.
    for (std::int64_t number = 1; i == 1; ++number) {
      const Outcome outcome = ask_failing(kThreads, number, false);
      CHECK(outcome.code == COIN_OK || (struck && outcome.code == COIN_MEMORY));
      if (!struck) break;
      ++failed;
    }
    for (int request = 0; request < kRequests; ++request) failed += every(static_cast<Request>(request));
  }
  std::printf("%d files, %lld failures\n", count - 1, static_cast<long long>(failed));
}

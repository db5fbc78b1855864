// Many threads in one process, on one file and on different ones: each gets what a thread alone gets.
//
//     threads FILE...
#include <coin.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"

namespace {

using Bytes = std::vector<unsigned char>;

constexpr int kThreads = 8, kRounds = 12;

struct File {
  Bytes data, samples;
};

// A view that some thread has begun to read, for another one to go on with.
struct Begun {
  coin_picture* picture = nullptr;
  coin_view* view = nullptr;
  std::size_t file = 0;
  int rows = 0;
};

std::vector<File> files;
std::mutex handing_over;
Begun begun;
std::atomic<unsigned> turns;

int sometimes(void*) { return ++turns % 16 == 0; }
int never(void*) { return 0; }

std::size_t row_bytes(coin_picture* picture, coin_view* view) {
  const coin_info info = coin_picture_info(picture);
  return static_cast<std::size_t>(coin_view_width(view)) * static_cast<std::size_t>(info.channels * info.bit_depth / 8);
}

// The rest of a view's rows, which begin at `first` of the picture; empty if it was cancelled.
Bytes rest(coin_picture* picture, coin_view* view, int first) {
  const std::size_t row = row_bytes(picture, view);
  Bytes samples(row * static_cast<std::size_t>(coin_view_height(view) - first));
  coin_error error;
  unsigned char* to = samples.data();
  int there;
  while ((there = coin_view_read(view, to, 1 << 20, static_cast<std::ptrdiff_t>(row), &error)) > 0)
    to += static_cast<std::size_t>(there) * row;
  CHECK(there == 0 ? to == samples.data() + samples.size() : error.code == COIN_CANCELLED);
  if (there < 0) samples.clear();
  return samples;
}

void decode(const File& file, int threads, int (*cancelled)(void*)) {
  coin_error error;
  coin_picture* const picture = coin_open(file.data.data(), file.data.size(), &error);
  CHECK(picture);
  coin_options options;
  coin_options_init(&options);
  options.threads = threads;
  options.cancelled = cancelled;
  coin_view* const view = coin_view_open(picture, &options, &error);
  CHECK(view || error.code == COIN_CANCELLED);
  if (view) {
    const Bytes samples = rest(picture, view, 0);
    CHECK(samples == file.samples || (cancelled == sometimes && samples.empty()));
  }
  coin_view_close(view);
  coin_close(picture);
}

void preview(const File& file, int threads) {
  coin_picture* const picture = coin_open(file.data.data(), file.data.size(), nullptr);
  coin_options options;
  coin_options_init(&options);
  options.threads = threads;
  coin_previews* const previews = coin_previews_open(picture, &options, nullptr);
  coin_preview last = {};
  while (coin_previews_next(previews, &last, nullptr) == 1) CHECK(last.samples);
  CHECK(last.step == 1);
  coin_metadata metadata;
  CHECK(coin_picture_metadata(picture, nullptr, &metadata, nullptr) == COIN_OK);
  coin_previews_close(previews);
  coin_close(picture);
}

// Finishes what another thread began to read, and begins something for the next one.
void hand_over(std::size_t number, int threads) {
  const File& file = files[number];
  Begun own;
  own.file = number;
  own.picture = coin_open(file.data.data(), file.data.size(), nullptr);
  coin_options options;
  coin_options_init(&options);
  options.threads = threads;
  own.view = coin_view_open(own.picture, &options, nullptr);
  const std::size_t row = row_bytes(own.picture, own.view);
  Bytes first(row);
  own.rows = coin_view_read(own.view, first.data(), 1, static_cast<std::ptrdiff_t>(row), nullptr);
  CHECK(own.rows == 1);
  {
    const std::lock_guard lock(handing_over);
    std::swap(own, begun);
  }
  if (!own.view) return;
  const Bytes samples = rest(own.picture, own.view, own.rows);
  const Bytes& whole = files[own.file].samples;
  CHECK(samples == Bytes(whole.end() - static_cast<std::ptrdiff_t>(samples.size()), whole.end()));
  coin_view_close(own.view);
  coin_close(own.picture);
}

void work(int thread) {
  for (int round = 0; round < kRounds; ++round) {
    // All on the same file every other time.
    const auto number = static_cast<std::size_t>(round % 2 ? round : round + thread) % files.size();
    const int threads = 1 + (thread + round) % 3;
    switch ((thread + round / 2) % 4) {
      case 0: decode(files[number], threads, never); break;
      case 1: decode(files[number], threads, sometimes); break;
      case 2: preview(files[number], threads); break;
      default: hand_over(number, threads);
    }
  }
}

}  // namespace

int main(int count, char** names) {
  for (int i = 1; i < count; ++i) {
    std::ifstream stream(names[i], std::ios::binary);
    File& file = files.emplace_back();
    file.data.assign(std::istreambuf_iterator<char>(stream), {});
    coin_picture* const picture = coin_open(file.data.data(), file.data.size(), nullptr);
    coin_options options;
    coin_options_init(&options);
    options.threads = 1;
    CHECK(picture);
    coin_view* const view = coin_view_open(picture, &options, nullptr);
    CHECK(view);
    file.samples = rest(picture, view, 0);
    coin_view_close(view);
    coin_close(picture);
  }
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(work, thread);
  for (std::thread& thread : threads) thread.join();
  coin_view_close(begun.view);
  coin_close(begun.picture);
  std::printf("%d threads, %d rounds\n", kThreads, kRounds);
}

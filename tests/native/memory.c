/* Decodes files 10,000 times in all and prints by how many bytes the process has grown since the first tenth of it. */
#include <coin.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "peak.h"

enum { DECODES = 10000, FILES = 64 };

static unsigned char data[FILES][1 << 16], samples[1 << 20];
static size_t sizes[FILES];

/* Whole, or half of it, or its beginning; or nothing but its first preview. */
static void decode(int file, int kind) {
  coin_error error;
  coin_options options;
  coin_options_init(&options);
  options.threads = 1 + kind % 2;
  coin_picture *picture = coin_open(data[file], kind == 3 ? sizes[file] - 2 : sizes[file], &error);
  CHECK(picture);
  const coin_info info = coin_picture_info(picture);
  if (kind == 1) options.width = (info.width + 1) / 2, options.height = (info.height + 1) / 2;
  if (kind == 2) {
    coin_preview preview;
    coin_previews *previews = coin_previews_open(picture, &options, &error);
    CHECK(previews && coin_previews_next(previews, &preview, &error) == 1);
    coin_previews_close(previews);
  } else {
    coin_view *view = coin_view_open(picture, &options, &error);
    CHECK(kind == 3 ? !view && error.code == COIN_TRUNCATED : view != NULL);
    if (view) {
      const size_t row = (size_t)coin_view_width(view) * (size_t)info.channels * (size_t)info.bit_depth / 8;
      CHECK(row * (size_t)coin_view_height(view) <= sizeof samples);
      CHECK(coin_view_read(view, samples, info.height, (ptrdiff_t)row, &error) == coin_view_height(view));
    }
    coin_view_close(view);
  }
  coin_close(picture);
}

int main(int count, char **names) {
  CHECK(count > 1 && count <= FILES);
  for (int i = 1; i < count; ++i) {
    FILE *file = fopen(names[i], "rb");
    CHECK(file);
    sizes[i - 1] = fread(data[i - 1], 1, sizeof data[0], file);
    CHECK(sizes[i - 1] > 2 && sizes[i - 1] < sizeof data[0] && fclose(file) == 0);
  }
  long before = 0;
  for (int done = 0; done < DECODES; ++done) {
    if (done == DECODES / 10) before = peak();
    decode(done % (count - 1), done / (count - 1) % 4);
  }
  return printf("%ld\n", peak() - before) < 0;
}

/* Uses every function of coin.h on files that are whole, cut and damaged. Sanitizers watch; asserts say what must hold. */
#include <coin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static int never(void *context) { return ++*(int *)context, 0; }
static int at_once(void *context) { return context == NULL; }

/* A view's samples, some rows at a time with a gap after each, or null for an error. */
static unsigned char *samples_of(coin_picture *picture, const coin_options *options, int step, coin_error *error) {
  coin_view *view = coin_view_open(picture, options, error);
  if (!view) {
    CHECK(error->code != COIN_OK && error->text[0] != 0);
    return NULL;
  }
  const coin_info info = coin_picture_info(picture);
  const int width = coin_view_width(view), height = coin_view_height(view);
  const size_t row = (size_t)width * (size_t)info.channels * (size_t)info.bit_depth / 8;
  unsigned char *all = malloc(row * (size_t)height), *some = malloc((row + 3) * (size_t)step);
  CHECK(all && some && coin_view_missing(view) && coin_view_colour(view).primaries > 0);
  int done = 0, there;
  while ((there = coin_view_read(view, some, step, (ptrdiff_t)row + 3, error)) > 0)
    for (int r = 0; r < there; ++r) memcpy(all + row * (size_t)done++, some + (row + 3) * (size_t)r, row);
  CHECK(there < 0 || done == height);
  coin_view_close(view);
  free(some);
  if (there < 0) {
    free(all);
    return NULL;
  }
  return all;
}

static void whole(coin_picture *picture) {
  const coin_info info = coin_picture_info(picture);
  const size_t pixel = (size_t)info.channels * (size_t)info.bit_depth / 8;
  coin_error error;
  coin_options options;
  coin_options_init(&options);
  int asked = 0;
  options.cancelled = never;
  options.context = &asked;
  options.threads = 2;
  unsigned char *one = samples_of(picture, NULL, 7, &error), *two = samples_of(picture, &options, info.height, &error);
  CHECK(one && two && asked > 0 && memcmp(one, two, pixel * (size_t)info.width * (size_t)info.height) == 0);

  options.left = info.width / 3, options.right = info.width;
  options.top = info.height / 2, options.bottom = info.height;
  unsigned char *part = samples_of(picture, &options, 1, &error);
  CHECK(part);
  const size_t row = pixel * (size_t)(options.right - options.left);
  for (int r = options.top; r < options.bottom; ++r)
    CHECK(memcmp(part + row * (size_t)(r - options.top),
                 one + pixel * ((size_t)r * (size_t)info.width + (size_t)options.left), row) == 0);
  options.width = 5, options.height = 3, options.draft = 1;
  unsigned char *small = samples_of(picture, &options, 2, &error);
  CHECK(small);
  options.right = info.width + 1;
  CHECK(!samples_of(picture, &options, 2, &error) && error.code == COIN_USAGE);
  coin_options_init(&options);
  options.limits.pixels = 0;
  CHECK(!samples_of(picture, &options, 2, &error) && error.code == COIN_LIMIT);
  coin_options_init(&options);
  options.cancelled = at_once;
  CHECK(!samples_of(picture, &options, 2, &error) && error.code == COIN_CANCELLED);

  coin_metadata metadata;
  CHECK(coin_picture_metadata(picture, NULL, &metadata, NULL) == COIN_OK);
  coin_previews *previews = coin_previews_open(picture, NULL, &error);
  CHECK(previews);
  CHECK(coin_previews_colour(previews).primaries > 0);
  coin_preview preview = {0};
  while (coin_previews_next(previews, &preview, &error) == 1) CHECK(preview.samples && preview.bytes <= info.bytes);
  CHECK(error.code == COIN_OK && preview.step == 1 && preview.width == info.width && preview.bytes == info.bytes);
  coin_previews_close(previews);
  free(one), free(two), free(part), free(small);
}

/* A picture or an error, from bytes of which sanitizers know the end. */
static void any(const unsigned char *data, size_t size, int partial) {
  unsigned char *copy = malloc(size + !size);
  CHECK(copy);
  memcpy(copy, data, size);
  coin_error error;
  coin_picture *picture = coin_open(copy, size, &error);
  CHECK(picture || error.code != COIN_OK);
  if (picture) {
    coin_options options;
    coin_options_init(&options);
    options.partial = partial;
    free(samples_of(picture, &options, 64, &error));
    coin_previews *previews = coin_previews_open(picture, &options, &error);
    coin_preview preview;
    while (previews && coin_previews_next(previews, &preview, &error) == 1) CHECK(preview.width > 0);
    coin_previews_close(previews);
    coin_metadata metadata;
    (void)coin_picture_metadata(picture, NULL, &metadata, &error);
  }
  coin_close(picture);
  free(copy);
}

int main(int count, char **names) {
  static unsigned char data[1 << 16];
  CHECK(coin_version() == COIN_VERSION);
  coin_close(NULL), coin_view_close(NULL), coin_previews_close(NULL);
  for (int i = 1; i < count; ++i) {
    FILE *file = fopen(names[i], "rb");
    CHECK(file);
    const size_t size = fread(data, 1, sizeof data, file);
    CHECK(size > 0 && size < sizeof data && fclose(file) == 0);
    coin_picture *picture = coin_open(data, size, NULL);
    CHECK(picture && coin_picture_info(picture).bytes == size);
    whole(picture);
    coin_close(picture);
    for (size_t cut = 0; cut < size; cut += 1 + size / 25) any(data, cut, 1), any(data, cut, 0);
    for (unsigned k = 0; k < 12; ++k) {
      const size_t at = (k * 2654435761u) % size;
      data[at] ^= (unsigned char)(1u << k % 8);
      any(data, size, 0);
      data[at] ^= (unsigned char)(1u << k % 8);
    }
  }
  return printf("%d files\n", count - 1) < 0;
}

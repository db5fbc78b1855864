/* Asks for the picture and the metadata of a file and prints what it hears, how long that took and how much memory the
 * process has had at most: "CODE MICROSECONDS BYTES", the code of the first error. */
#include <coin.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "peak.h"

static unsigned char data[1 << 23], row[1 << 23];

static double now(void) {
  struct timespec time;
  timespec_get(&time, TIME_UTC);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static coin_code asked(size_t size) {
  coin_error error = {COIN_OK, ""};
  coin_picture *picture = coin_open(data, size, &error);
  if (!picture) return error.code;
  const coin_info info = coin_picture_info(picture);
  coin_view *view = coin_view_open(picture, NULL, &error);
  int there = view ? 1 : 0;
  const ptrdiff_t stride = (ptrdiff_t)info.width * info.channels * info.bit_depth / 8;
  while (there > 0) there = coin_view_read(view, row, 1, stride, &error);
  coin_code code = error.code;
  coin_metadata metadata;
  if (code == COIN_OK) code = coin_picture_metadata(picture, NULL, &metadata, &error);
  coin_view_close(view);
  coin_close(picture);
  return code;
}

int main(int count, char **names) {
  FILE *file = count == 2 ? fopen(names[1], "rb") : NULL;
  if (!file) return 2;
  const size_t size = fread(data, 1, sizeof data, file);
  fclose(file);
  const double before = now();
  const coin_code code = asked(size);
  const double after = now();
  return printf("%d %.0f %ld\n", (int)code, after - before, peak()) < 0;
}

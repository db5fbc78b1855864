/* Decodes a .coin file and writes it as PAM to standard output:  coin2pam picture.coin > picture.pam */
#include <coin.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
  static const char *const kinds[] = {"GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"};
  FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
  if (!file || fseek(file, 0, SEEK_END) != 0) return fputs("usage: coin2pam FILE\n", stderr), 2;
  const long size = ftell(file);
  unsigned char *data = size > 0 ? malloc((size_t)size) : NULL;
  rewind(file);
  if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) return fputs("cannot read the file\n", stderr), 1;
  fclose(file);

  coin_error error;
  coin_picture *picture = coin_open(data, (size_t)size, &error);
  coin_view *view = picture ? coin_view_open(picture, NULL, &error) : NULL;
  if (!view) return fprintf(stderr, "%s: %s\n", arguments[1], error.text), 1;

  const coin_info info = coin_picture_info(picture);
  const size_t samples = (size_t)info.width * (size_t)info.channels, row_bytes = samples * (size_t)info.bit_depth / 8;
  enum { BAND = 64 };
  unsigned char *rows = malloc(BAND * row_bytes);
  printf("P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n", info.width, info.height,
         info.channels, (1 << info.bit_depth) - 1, kinds[info.channels - 1]);
  int there = 0;
  while (rows && (there = coin_view_read(view, rows, BAND, (ptrdiff_t)row_bytes, &error)) > 0) {
    if (info.bit_depth == 16) /* PAM has the high byte first */
      for (size_t i = 0; i < (size_t)there * samples; ++i) {
        const unsigned value = ((const uint16_t *)(const void *)rows)[i];
        rows[2 * i] = (unsigned char)(value >> 8), rows[2 * i + 1] = (unsigned char)(value & 255);
      }
    fwrite(rows, row_bytes, (size_t)there, stdout);
  }
  if (there < 0) fprintf(stderr, "%s: %s\n", arguments[1], error.text);
  coin_view_close(view);
  coin_close(picture);
  free(rows);
  free(data);
  return there < 0 || fflush(stdout) != 0;
}

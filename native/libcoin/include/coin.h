/* libcoin: decodes .coin pictures.
 *
 * A stream stays in the caller's memory. coin_open looks at its header; coin_view_open checks all of it and says what
 * part of the picture is wanted, how large; coin_view_read computes rows. Errors are a code and a text for people.
 *
 *     coin_error error;
 *     coin_picture *picture = coin_open(data, size, &error);
 *     coin_view *view = picture ? coin_view_open(picture, NULL, &error) : NULL;
 *     ...
 *     coin_view_read(view, memory, rows, stride, &error)
 *
 * Handles may be used by any thread, each by one at a time. The same stream and options give the same samples whatever
 * the number of threads. Nothing is kept between calls but threads that sleep.
 *
 * Everything here is stable: later versions add functions, codes, and fields at the end of coin_options and coin_limits,
 * whose defaults coin_options_init sets.
 */
#ifndef COIN_H
#define COIN_H

#include <stddef.h>
#include <stdint.h>

#if defined(COIN_SHARED) && defined(__GNUC__)
#define COIN_API __attribute__((visibility("default")))
#else
#define COIN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that was compiled against, and that is linked: 10000 major + 100 minor + patch. */
#define COIN_VERSION 200
COIN_API int coin_version(void);

typedef enum coin_code {
  COIN_OK = 0,
  COIN_NOT_COIN = 1,    /* the data does not begin with the signature */
  COIN_TRUNCATED = 2,   /* the data ends before the stream does */
  COIN_CORRUPT = 3,     /* a checksum does not match, or a field holds what no encoder writes */
  COIN_UNSUPPORTED = 4, /* a later version, or a family or feature that this one does not know */
  COIN_LIMIT = 5,       /* more pixels, work or metadata than the limits allow */
  COIN_USAGE = 6,       /* what was asked makes no sense */
  COIN_CANCELLED = 7,   /* the caller's `cancelled` said so */
  COIN_MEMORY = 8       /* there is not enough memory */
} coin_code;

/* text: always terminated; cut if it is longer. */
typedef struct coin_error {
  coin_code code;
  char text[244];
} coin_error;

/* What a decoder agrees to do for a stream it does not trust; checked before memory is taken. */
typedef struct coin_limits {
  uint64_t pixels;   /* width times height, by default 2^28 */
  uint64_t macs;     /* multiply-accumulates of the whole decode, by default 4e12: about a minute on two cores */
  uint64_t metadata; /* bytes of a colour profile, of EXIF data or XMP, unpacked; by default 2^26 */
} coin_limits;

/* What to show of a picture. */
typedef struct coin_options {
  size_t size;                      /* of this structure, set by coin_options_init */
  int left, top, right, bottom;     /* of the region in pixels, right and bottom exclusive; all 0: the whole picture */
  int width, height;                /* to show it in so many pixels; 0 and 0: as many as the region has */
  int draft;                        /* not 0: less work for less fidelity where it is made smaller */
  int partial;                      /* not 0: the stream may be the beginning of a whole one */
  int threads;                      /* 0: one for each processor */
  coin_limits limits;
  int (*cancelled)(void *context);  /* asked from time to time by the thread that reads; not 0 stops. May be null */
  void *context;
} coin_options;

COIN_API void coin_options_init(coin_options *options);

/* family: 1 siren, 2 latent. channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, alpha not premultiplied. bit_depth: 8 or
 * 16, of samples that are bytes or uint16_t in the machine's order. bytes: of the whole stream; of its header. */
typedef struct coin_info {
  int family, width, height, channels, bit_depth;
  uint64_t bytes, header_bytes;
} coin_info;

/* What samples mean: code points of ITU-T H.273 for primaries and transfer, at full range (1 and 13 are sRGB); or 2 and 2
 * and an ICC profile. */
typedef struct coin_colour {
  int primaries, transfer;
  const uint8_t *icc; /* null without one; lives as long as the view or the previews */
  size_t icc_size;
} coin_colour;

typedef struct coin_picture coin_picture;
typedef struct coin_view coin_view;
typedef struct coin_previews coin_previews;

/* Of the beginning of a stream, at least its header: 2048 bytes always hold it. The data is not copied, and must stay
 * where it is until the picture and all that was opened of it are closed. Null for an error, which may itself be null. */
COIN_API coin_picture *coin_open(const void *data, size_t size, coin_error *error);
COIN_API void coin_close(coin_picture *picture); /* null does no harm, here and below */
COIN_API coin_info coin_picture_info(const coin_picture *picture);

/* What a stream says besides the picture, unpacked: EXIF data (a TIFF structure), an XMP packet; null for what is not
 * there. They live as long as the picture. limits: null for the usual ones. */
typedef struct coin_metadata {
  const uint8_t *exif, *xmp;
  size_t exif_size, xmp_size;
  uint32_t x_resolution, y_resolution; /* in hundredths of a pixel per inch, 0 if unknown */
} coin_metadata;
COIN_API coin_code coin_picture_metadata(coin_picture *picture, const coin_limits *limits, coin_metadata *metadata,
                                         coin_error *error);

/* Checks every checksum, the networks and what is asked for. options: null for the whole picture as it is. */
COIN_API coin_view *coin_view_open(coin_picture *picture, const coin_options *options, coin_error *error);
COIN_API void coin_view_close(coin_view *view);
COIN_API int coin_view_width(const coin_view *view);
COIN_API int coin_view_height(const coin_view *view);
COIN_API coin_colour coin_view_colour(const coin_view *view);

/* What a cut stream does not say of the view, in a few words; empty for a whole one. Lives as long as the view. */
COIN_API const char *coin_view_missing(const coin_view *view);

/* Puts the next rows, top to bottom, at most `rows` and no more than are left, into the caller's memory: pixel after
 * pixel, the samples of its channels side by side, `stride` bytes from a row to the next. Any number of rows is as fast:
 * what is computed too much is kept. Returns how many there are now, 0 after the last one, -1 for an error, after which
 * the view can only be closed. */
COIN_API int coin_view_read(coin_view *view, void *memory, int rows, ptrdiff_t stride, coin_error *error);

/* The whole picture from coarse to fine. Of a partial stream those previews that are all there. Of the options region,
 * size and draft are of no account. */
COIN_API coin_previews *coin_previews_open(coin_picture *picture, const coin_options *options, coin_error *error);
COIN_API void coin_previews_close(coin_previews *previews);
COIN_API coin_colour coin_previews_colour(const coin_previews *previews);

/* A preview has a sample for every `step` pixels, both ways; step is a power of two, at last 1. samples: rows without gaps,
 * until the next call. place: of the first sample, in pixels from the left and the top, 0.5 being the middle of the first
 * pixel. bytes: of the stream that were needed. */
typedef struct coin_preview {
  int width, height, step;
  double place;
  uint64_t bytes;
  const void *samples;
} coin_preview;

/* 1 for a preview, 0 after the last one, -1 for an error. */
COIN_API int coin_previews_next(coin_previews *previews, coin_preview *preview, coin_error *error);

#ifdef __cplusplus
}
#endif

#endif

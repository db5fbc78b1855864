/** What a decoder agrees to do for a stream that it does not trust. */
export interface Limits {
  /** Width times height; by default 2 to the power of 28. */
  pixels?: number;
  /** Multiply-accumulates of the whole decode; by default 4e12. */
  macs?: number;
}

export type Bytes = Uint8Array | ArrayBuffer;

export interface Options {
  /** Left, top, right, bottom in pixels of the picture, right and bottom exclusive. */
  region?: readonly [number, number, number, number];
  /** Width and height to show the region in; or `scale`, the factor of both sides. */
  size?: readonly [number, number];
  scale?: number;
  /** Less work for less fidelity where the picture is made smaller. */
  draft?: boolean;
  /** The data may be the beginning of a stream. */
  partial?: boolean;
  /** Stops between two bands of rows, with the signal's reason. */
  signal?: AbortSignal;
  limits?: Limits;
}

/** What samples mean: code points of ITU-T H.273 (1 and 13 are sRGB), or 2 and 2 and an ICC profile. */
export interface Colour {
  primaries: number;
  transfer: number;
  icc?: Uint8Array;
}

/** Samples row by row, the channels of a pixel side by side: grey, grey and alpha, RGB or RGBA, not premultiplied. */
export interface Samples {
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
  bitDepth: 8 | 16;
  samples: Uint8Array | Uint16Array;
}

export interface Picture extends Samples {
  colour: Colour;
  /** What a cut stream does not say of it; empty for a whole one. */
  missing: string;
}

/** A whole picture before all of it is known: a sample for every `step` pixels, both ways. */
export interface Preview extends Samples {
  colour: Colour;
  step: number;
  /** Of the first sample, in pixels from the left and the top: 0.5 is the middle of the first pixel. */
  place: number;
  /** Of the stream that were needed. */
  bytes: number;
  /** Width and height of the picture. */
  of: [number, number];
}

export interface Head {
  family: string;
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
  bitDepth: 8 | 16;
  /** Of the whole stream, and of its header. */
  bytes: number;
  headerBytes: number;
}

export class CoinError extends Error {
  constructor(code: CoinError["code"], text: string);
  readonly code: "not-coin" | "truncated" | "corrupt" | "unsupported" | "limit" | "usage" | "memory";
}

/** Loads the module, which the functions below do by themselves. source: bytes, or a URL. */
export function load(source?: Bytes | URL | string): Promise<unknown>;

/** What the first bytes of a stream say; 2048 are always enough. */
export function head(data: Bytes): Promise<Head>;

export function decode(data: Bytes, options?: Options): Promise<Picture>;

export interface PreviewOptions extends Pick<Options, "partial" | "signal" | "limits"> {
  /** Leaves out previews that are not finer: those with a step of so many pixels or more. */
  below?: number;
}

/**
 * The picture from coarse to fine, each preview computed when it is asked for. With `partial` those that are all there.
 * Who takes some of them one by one, not by a loop, says `return()` in the end.
 */
export function previews(data: Bytes, options?: PreviewOptions): AsyncGenerator<Preview, void>;

/** Previews of a download as its bytes arrive; the last one, with a step of 1, is the picture. */
export function stream(
  source: string | URL | Response,
  options?: Pick<Options, "signal" | "limits">,
): AsyncGenerator<Preview, void>;

/**
 * The functions above in workers of their own, from which pages stay free. Data is copied there, samples come without.
 * A signal stops the wait at once, the work within some tens of milliseconds.
 */
export class Decoder {
  /**
   * workers: at most so many, started as they are needed. Several share the calls between them, and the bands of a large
   * picture that is decoded at its own size.
   */
  constructor(options?: { workers?: number });
  head(data: Bytes): Promise<Head>;
  decode(data: Bytes, options?: Options): Promise<Picture>;
  previews(data: Bytes, options?: PreviewOptions): AsyncGenerator<Preview, void>;
  stream(source: string | URL | Response, options?: Pick<Options, "signal" | "limits">): AsyncGenerator<Preview, void>;
  /** Ends the workers; what waits for them fails. */
  close(): void;
}

/** 8-bit RGBA, as canvases take it; in Display P3 where the picture is, else as if it were in sRGB. */
export function toImageData(picture: Samples & { colour?: Colour }): ImageData;

/** A PNG file, lossless: of 16 bits where the picture is, with its transparency and its colours. */
export function toPNG(picture: Samples & { colour?: Colour }): Promise<Blob>;

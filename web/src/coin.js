/** Decodes .coin pictures: see coin.d.ts. The module is libcoin, compiled to WebAssembly. */

const CODES = ["ok", "not-coin", "truncated", "corrupt", "unsupported", "limit", "usage", "cancelled", "memory"];
const FAMILIES = { 1: "siren", 2: "latent" };
const DRAFT = 1;
const PARTIAL = 2;

// Pixels between two looks at a signal: some tens of milliseconds.
const BAND = 1 << 17;

/** What is wrong with a stream, or with what is asked of it. */
export class CoinError extends Error {
  constructor(code, text) {
    super(text);
    this.name = "CoinError";
    this.code = code;
  }
}

// The smallest module that has an instruction of 128 bits: (func (result v128) i32.const 0 i8x16.splat).
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
]);

let loading;

async function bytesOf(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
}

/** The module's exports, once it is there. source: its bytes or its URL, instead of the one beside this file. */
export function load(source) {
  if (!loading || source) {
    loading = (async () => {
      const name = WebAssembly.validate(SIMD) ? "./coin-simd.wasm" : "./coin.wasm";
      const given = source ?? new URL(name, import.meta.url);
      const bytes = given instanceof URL || typeof given === "string" ? await bytesOf(new URL(given, import.meta.url)) : given;
      const { instance } = await WebAssembly.instantiate(bytes, {});
      instance.exports._initialize?.();
      return instance.exports;
    })();
    loading.catch(() => (loading = undefined));
  }
  return loading;
}

function textAt(wasm, at) {
  const memory = new Uint8Array(wasm.memory.buffer, at);
  return new TextDecoder().decode(memory.slice(0, memory.indexOf(0)));
}

function lastError(wasm) {
  return new CoinError(CODES[wasm.error_code()], textAt(wasm, wasm.error_text()));
}

const pause = () => new Promise((resolve) => setTimeout(resolve));

/** Calls work(wasm, picture) with a stream in the module's memory. */
async function opened(data, work) {
  const wasm = await load();
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const at = wasm.allocate(Math.max(bytes.length, 1));
  if (!at) throw new CoinError("memory", "there is not enough memory");
  new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  const picture = wasm.open(at, bytes.length);
  try {
    if (!picture) throw lastError(wasm);
    return await work(wasm, picture);
  } finally {
    wasm.close(picture);
    wasm.release(at);
  }
}

function headOf(wasm, picture) {
  const [family, width, height, channels, bitDepth, bytes, headerBytes] = [0, 1, 2, 3, 4, 5, 6].map((field) =>
    wasm.info(picture, field),
  );
  return { family: FAMILIES[family] ?? `family ${family}`, width, height, channels, bitDepth, bytes, headerBytes };
}

/** Copies samples out of the module's memory, which may have moved. */
function samplesAt(wasm, at, count, bitDepth) {
  const Samples = bitDepth === 16 ? Uint16Array : Uint8Array;
  return new Samples(wasm.memory.buffer, at, count).slice();
}

export const head = (data) => opened(data, headOf);

export function decode(data, options = {}) {
  const { region, size, scale, draft, partial, signal, limits = {} } = options;
  return opened(data, async (wasm, picture) => {
    signal?.throwIfAborted();
    const info = headOf(wasm, picture);
    const [left, top, right, bottom] = region ?? [0, 0, info.width, info.height];
    if (size && scale !== undefined) throw new CoinError("usage", "a size and a scale contradict each other");
    if (scale !== undefined && !(scale > 0 && scale < Infinity))
      throw new CoinError("usage", `a scale is a number above 0, not ${scale}`);
    const [width, height] =
      size ?? [right - left, bottom - top].map((n) => Math.max(1, Math.round((scale ?? 1) * n)));
    const flags = (draft ? DRAFT : 0) | (partial ? PARTIAL : 0);
    const { pixels = -1, macs = -1 } = limits;
    const view = wasm.view_open(picture, left, top, right, bottom, width, height, flags, pixels, macs);
    if (!view) throw lastError(wasm);
    const stride = (width * info.channels * info.bitDepth) / 8;
    const rows = Math.max(1, Math.min(height, Math.floor(BAND / width)));
    const band = wasm.allocate(rows * stride);
    try {
      if (!band) throw new CoinError("memory", "there is not enough memory");
      const Samples = info.bitDepth === 16 ? Uint16Array : Uint8Array;
      const samples = new Samples(width * height * info.channels);
      for (let row = 0; row < height; ) {
        const read = wasm.view_read(view, band, rows, stride);
        if (read < 0) throw lastError(wasm);
        const count = read * width * info.channels;
        samples.set(new Samples(wasm.memory.buffer, band, count), row * width * info.channels);
        row += read;
        if (signal && row < height) {
          await pause();
          signal.throwIfAborted();
        }
      }
      const iccAt = wasm.view_icc(view);
      const icc = iccAt ? samplesAt(wasm, iccAt, wasm.view_icc_size(view), 8) : undefined;
      const colour = { primaries: wasm.view_primaries(view), transfer: wasm.view_transfer(view), icc };
      const missing = textAt(wasm, wasm.view_missing(view));
      return { width, height, channels: info.channels, bitDepth: info.bitDepth, samples, colour, missing };
    } finally {
      wasm.release(band);
      wasm.view_close(view);
    }
  });
}

/** The previews that a stream or its beginning holds, from a step on: all below `below`. */
function previewsOf(data, { partial, below = Infinity, signal, limits = {} }) {
  return opened(data, async (wasm, picture) => {
    const info = headOf(wasm, picture);
    const { pixels = -1, macs = -1 } = limits;
    const previews = wasm.previews_open(picture, partial ? PARTIAL : 0, pixels, macs);
    if (!previews) throw lastError(wasm);
    const found = [];
    try {
      for (;;) {
        signal?.throwIfAborted();
        const more = wasm.previews_next(previews);
        if (more < 0) throw lastError(wasm);
        if (!more) return found;
        const [width, height, step, place, bytes] = [0, 1, 2, 3, 4].map((field) => wasm.preview_field(field));
        if (step >= below) continue;
        const samples = samplesAt(wasm, wasm.preview_samples(), width * height * info.channels, info.bitDepth);
        const { channels, bitDepth } = info;
        found.push({ width, height, channels, bitDepth, samples, step, place, bytes, of: [info.width, info.height] });
      }
    } finally {
      wasm.previews_close(previews);
    }
  });
}

export async function* previews(data, options = {}) {
  yield* await previewsOf(data, options);
}

export async function* stream(source, options = {}) {
  const response = typeof source === "string" || source instanceof URL ? await fetch(source, options) : source;
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  let data = new Uint8Array(0);
  let below = Infinity;
  let next = 0;
  const reader = response.body.getReader();
  for (let done = false; !done; ) {
    const chunk = await reader.read();
    done = chunk.done;
    if (chunk.value) {
      const longer = new Uint8Array(data.length + chunk.value.length);
      longer.set(data);
      longer.set(chunk.value, data.length);
      data = longer;
    }
    // A twentieth more each time, so that what is decoded again stays within what is new.
    if (!done && data.length < next) continue;
    next = 1.05 * data.length;
    try {
      for (const preview of await previewsOf(data, { ...options, partial: !done, below })) {
        below = preview.step;
        yield preview;
      }
    } catch (error) {
      if (done || !(error instanceof CoinError) || error.code !== "truncated") {
        await reader.cancel().catch(() => undefined);
        throw error;
      }
    }
  }
}

/** 8-bit RGBA, as canvases take it. */
export function toImageData({ width, height, channels, bitDepth, samples }) {
  const out = new ImageData(width, height);
  const colours = channels < 3 ? 1 : 3;
  for (let i = 0, at = 0; i < width * height; ++i, at += channels) {
    for (let c = 0; c < 3; ++c) {
      const value = samples[at + (colours === 1 ? 0 : c)];
      out.data[4 * i + c] = bitDepth === 16 ? Math.round(value / 257) : value;
    }
    const alpha = channels % 2 ? undefined : samples[at + colours];
    out.data[4 * i + 3] = alpha === undefined ? 255 : bitDepth === 16 ? Math.round(alpha / 257) : alpha;
  }
  return out;
}

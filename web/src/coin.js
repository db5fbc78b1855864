/** Decodes .coin pictures: see coin.d.ts. The module is libcoin, compiled to WebAssembly. */
import { streamed } from "./download.js";
import { CoinError, noMemory } from "./errors.js";

export { Decoder } from "./decoder.js";
export { toPNG } from "./png.js";
export { CoinError };

const CODES = ["ok", "not-coin", "truncated", "corrupt", "unsupported", "limit", "usage", "cancelled", "memory"];
const FAMILIES = { 1: "siren", 2: "latent" };
const DRAFT = 1;
const PARTIAL = 2;

// Pixels between two looks at the clock, and milliseconds between two looks at a signal.
const BAND = 1 << 17;
const PATIENCE = 40;

// The smallest module that has an instruction of 128 bits: (func (result v128) i32.const 0 i8x16.splat).
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
]);

let loading;
let directions;

async function responseOf(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return new Response(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}

async function instantiated(source) {
  if (!(source instanceof URL) && typeof source !== "string") return WebAssembly.instantiate(source, {});
  const response = await responseOf(new URL(source, import.meta.url));
  // Compiled code is kept from one visit to the next where it is compiled while it arrives, which asks for this type.
  if (response.headers.get("Content-Type") === "application/wasm") return WebAssembly.instantiateStreaming(response, {});
  return WebAssembly.instantiate(await response.arrayBuffer(), {});
}

/** The module's exports, once it is there. source: its bytes or its URL, instead of the one beside this file. */
export function load(source) {
  if (!loading || source) {
    const started = (async () => {
      const simd = WebAssembly.validate(SIMD);
      const ours = simd ? new URL("./coin-simd.wasm", import.meta.url) : new URL("./coin.wasm", import.meta.url);
      const { instance } = await instantiated(source ?? ours);
      instance.exports._initialize?.();
      return instance.exports;
    })();
    started.catch(() => forget(started));
    loading = started;
    directions = undefined;
  }
  return loading;
}

/** The next call gets a module of its own, unless it has one already. */
function forget(old) {
  if (loading === old) loading = directions = undefined;
}

/** Puts what networks of small pictures are codes of into the module's memory. */
async function place(wasm) {
  const response = await responseOf(new URL("./directions.bin", import.meta.url));
  const inflated = new Response(response.body.pipeThrough(new DecompressionStream("deflate")));
  const bytes = new Uint8Array(await inflated.arrayBuffer());
  wasm.place_directions(copied(wasm, bytes));
}

/** Where a copy of bytes lies in the module's memory. */
function copied(wasm, bytes) {
  const at = wasm.allocate(Math.max(bytes.length, 1));
  if (!at) throw noMemory();
  new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  return at;
}

function textAt(wasm, at) {
  const memory = new Uint8Array(wasm.memory.buffer, at);
  return new TextDecoder().decode(memory.slice(0, memory.indexOf(0)));
}

function lastError(wasm) {
  return new CoinError(CODES[wasm.error_code()], textAt(wasm, wasm.error_text()));
}

/** Lets others have their turn, and a signal be given. */
const pause = () =>
  globalThis.scheduler?.postTask?.(() => {}) ?? new Promise((resolve) => setTimeout(resolve));

/** Looks at a signal from time to time. */
function watching(signal) {
  let last = performance.now();
  return async () => {
    if (!signal) return;
    if (performance.now() - last > PATIENCE) {
      await pause();
      last = performance.now();
    }
    signal.throwIfAborted();
  };
}

/** What work(wasm, picture) yields for a stream in the module's memory. decoding: whether it takes more than the header. */
async function* opened(data, work, decoding = true) {
  const mine = load();
  const wasm = await mine;
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  let at = 0;
  let picture = 0;
  try {
    at = copied(wasm, bytes);
    if (decoding && wasm.needs_directions(at, bytes.length)) {
      if (!directions) {
        const placing = (directions = place(wasm));
        placing.catch(() => (directions = directions === placing ? undefined : directions));
      }
      await directions;
    }
    picture = wasm.open(at, bytes.length);
    if (!picture) throw lastError(wasm);
    yield* work(wasm, picture);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    // Out of memory, the only trap there is. What the module has begun stays undone, so it is done with.
    forget(mine);
    at = picture = 0;
    throw noMemory();
  } finally {
    if (picture) wasm.close(picture);
    if (at) wasm.release(at);
  }
}

/** The first that is yielded. */
async function only(yielded) {
  for await (const value of yielded) return value;
}

function headOf(wasm, picture) {
  const [family, width, height, channels, bitDepth, bytes, headerBytes] = [0, 1, 2, 3, 4, 5, 6].map((field) =>
    wasm.info(picture, field),
  );
  return { family: FAMILIES[family] ?? `family ${family}`, width, height, channels, bitDepth, bytes, headerBytes };
}

const typeOf = (bitDepth) => (bitDepth === 16 ? Uint16Array : Uint8Array);

/** Memory for samples. */
function memoryFor(count, bitDepth) {
  try {
    return new (typeOf(bitDepth))(count);
  } catch {
    throw noMemory();
  }
}

/** Copies samples out of the module's memory, which may have moved. */
function samplesAt(wasm, at, count, bitDepth) {
  const samples = memoryFor(count, bitDepth);
  samples.set(new (typeOf(bitDepth))(wasm.memory.buffer, at, count));
  return samples;
}

/** What was asked for last. */
function colourOf(wasm) {
  const at = wasm.colour_icc();
  const icc = at ? samplesAt(wasm, at, wasm.colour_icc_size(), 8) : undefined;
  return { primaries: wasm.colour_primaries(), transfer: wasm.colour_transfer(), icc };
}

async function* headAlone(wasm, picture) {
  yield headOf(wasm, picture);
}

export const head = (data) => only(opened(data, headAlone, false));

async function* viewOf(wasm, picture, options) {
  const { region, size, scale, draft, partial, signal, limits = {} } = options;
  const look = watching(signal);
  const info = headOf(wasm, picture);
  const [left, top, right, bottom] = region ?? [0, 0, info.width, info.height];
  if (size && scale !== undefined) throw new CoinError("usage", "a size and a scale contradict each other");
  if (scale !== undefined && !(scale > 0 && scale < Infinity))
    throw new CoinError("usage", `a scale is a number above 0, not ${scale}`);
  const [width, height] = size ?? [right - left, bottom - top].map((n) => Math.max(1, Math.round((scale ?? 1) * n)));
  const flags = (draft ? DRAFT : 0) | (partial ? PARTIAL : 0);
  const { pixels = -1, macs = -1 } = limits;
  const view = wasm.view_open(picture, left, top, right, bottom, width, height, flags, pixels, macs);
  if (!view) throw lastError(wasm);
  const stride = (width * info.channels * info.bitDepth) / 8;
  const rows = Math.max(1, Math.min(height, Math.floor(BAND / width)));
  const band = wasm.allocate(rows * stride);
  try {
    if (!band) throw noMemory();
    const samples = memoryFor(width * height * info.channels, info.bitDepth);
    for (let row = 0; row < height; ) {
      const read = wasm.view_read(view, band, rows, stride);
      if (read < 0) throw lastError(wasm);
      const count = read * width * info.channels;
      samples.set(new samples.constructor(wasm.memory.buffer, band, count), row * width * info.channels);
      row += read;
      if (row < height) await look();
    }
    wasm.view_colour(view);
    const missing = textAt(wasm, wasm.view_missing(view));
    const { channels, bitDepth } = info;
    yield { width, height, channels, bitDepth, samples, colour: colourOf(wasm), missing };
  } finally {
    wasm.release(band);
    wasm.view_close(view);
  }
}

export async function decode(data, options = {}) {
  options.signal?.throwIfAborted();
  return only(opened(data, (wasm, picture) => viewOf(wasm, picture, options)));
}

async function* previewsOf(wasm, picture, { partial, below = Infinity, signal, limits = {} }) {
  const look = watching(signal);
  const info = headOf(wasm, picture);
  const { pixels = -1, macs = -1 } = limits;
  const previews = wasm.previews_open(picture, partial ? PARTIAL : 0, pixels, macs);
  if (!previews) throw lastError(wasm);
  try {
    wasm.previews_colour(previews);
    const colour = colourOf(wasm);
    for (;;) {
      await look();
      const more = wasm.previews_next(previews);
      if (more < 0) throw lastError(wasm);
      if (!more) return;
      const [width, height, step, place, bytes] = [0, 1, 2, 3, 4].map((field) => wasm.preview_field(field));
      if (step >= below) continue;
      const samples = samplesAt(wasm, wasm.preview_samples(), width * height * info.channels, info.bitDepth);
      const { channels, bitDepth } = info;
      yield { width, height, channels, bitDepth, samples, colour, step, place, bytes, of: [info.width, info.height] };
    }
  } finally {
    wasm.previews_close(previews);
  }
}

export async function* previews(data, options = {}) {
  options.signal?.throwIfAborted();
  yield* opened(data, (wasm, picture) => previewsOf(wasm, picture, options));
}

export async function* stream(source, options = {}) {
  yield* streamed(source, options, previews);
}

/** 8-bit RGBA, as canvases take it. */
export function toImageData({ width, height, channels, bitDepth, samples, colour }) {
  const displayP3 = colour?.primaries === 12 && colour.transfer === 13;
  const out = new ImageData(width, height, { colorSpace: displayP3 ? "display-p3" : "srgb" });
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

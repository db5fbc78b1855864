/** The functions of coin.js in workers. */
import { streamed } from "./download.js";
import { CoinError } from "./errors.js";

// Pictures of fewer pixels are one worker's: bands of them would be done too soon to be worth another, or take as long as
// the whole, as those of latents do that are not in tiles, which the encoder makes of a megapixel and more.
const DIVISIBLE = { siren: 1 << 15, latent: 1 << 20 };

/** Starts a worker: post(message), with memory that it takes along; busy(whether anybody waits for it). */
async function started(answer, fail) {
  const address = new URL("./worker.js", import.meta.url);
  if (typeof Worker === "undefined") {
    const threads = await import("node:worker_threads");
    const thread = new threads.Worker(address, { execArgv: [] });
    thread.on("message", answer).on("error", fail).unref();
    return {
      post: (message, transfer) => thread.postMessage(message, transfer),
      busy: (is) => (is ? thread.ref() : thread.unref()),
      end: () => thread.terminate(),
    };
  }
  // A page may not start a worker from another origin, but one that imports it.
  const foreign = globalThis.location && address.protocol !== "blob:" && address.origin !== location.origin;
  const own = foreign && URL.createObjectURL(new Blob([`import ${JSON.stringify(address)}`], { type: "text/javascript" }));
  const worker = foreign
    ? new Worker(own, { type: "module", name: "coincodec" })
    : new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "coincodec" });
  worker.addEventListener("message", ({ data }) => answer(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(new Error(`a worker does not work: ${event.message ?? address}`));
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    busy: () => {},
    end: () => {
      worker.terminate();
      if (own) URL.revokeObjectURL(own);
    },
  };
}

/** A worker, and who waits for its answers. */
class Hand {
  #waiting = new Map();
  #worker;
  #last = 0;

  get tasks() {
    return this.#waiting.size;
  }

  /** Whether there has been anything to do. */
  get begun() {
    return this.#worker !== undefined;
  }

  /** A name for a task, for which there may be several calls. */
  task() {
    return ++this.#last;
  }

  /** What the worker answers. */
  async call(message, signal, transfer) {
    signal?.throwIfAborted();
    const { task } = message;
    let stop;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(task, { resolve, reject });
      stop = () => {
        reject(signal.reason);
        this.stop(task);
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
    answer.catch(() => {});
    try {
      this.#worker ??= started(
        (answer) => this.#answered(answer),
        (error) => this.fail(error),
      );
      const worker = await this.#worker;
      worker.busy(true);
      worker.post(message, transfer);
      return await answer;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#waiting.delete(task);
      if (this.tasks === 0) this.#worker?.then((worker) => worker.busy(false)).catch(() => {});
    }
  }

  stop(task) {
    this.#worker?.then((worker) => worker.post({ task, method: "stop" })).catch(() => {});
  }

  #answered({ task, value, error }) {
    const waiting = this.#waiting.get(task);
    if (!error) waiting?.resolve(value);
    else if (error.code) waiting?.reject(new CoinError(error.code, error.message));
    else waiting?.reject(Object.assign(new Error(error.message), { name: error.name }));
  }

  fail(error) {
    this.end();
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  end() {
    this.#worker?.then((worker) => worker.end()).catch(() => {});
    this.#worker = undefined;
  }
}

/** A copy that a worker can take along. */
function copyOf(data) {
  return new Uint8Array(data instanceof ArrayBuffer ? data.slice(0) : data);
}

/** Bands of rows, at most so many. */
function bandsOf([left, top, right, bottom], count) {
  const at = Array.from({ length: count + 1 }, (_, i) => top + Math.round(((bottom - top) * i) / count));
  return at.slice(1).map((end, i) => [left, at[i], right, end]);
}

/** Decodes in workers of its own. */
export class Decoder {
  #hands;
  #closed = false;

  constructor({ workers = 1 } = {}) {
    if (!(Number.isInteger(workers) && workers > 0))
      throw new CoinError("usage", `a decoder has one worker or more, not ${workers}`);
    this.#hands = Array.from({ length: workers }, () => new Hand());
  }

  /** The one with the least to do; of those with nothing to do one that has been at work. */
  #free() {
    if (this.#closed) throw new CoinError("usage", "this decoder is closed");
    return this.#hands.reduce((a, b) => (b.tasks < a.tasks || (b.tasks === a.tasks && b.begun && !a.begun) ? b : a));
  }

  #call(method, data, { signal, ...options } = {}) {
    const hand = this.#free();
    const bytes = copyOf(data);
    return hand.call({ task: hand.task(), method, data: bytes, options }, signal, [bytes.buffer]);
  }

  async head(data) {
    // Its first bytes are enough, if they are a header at all.
    return this.#call("head", data.slice(0, 2048));
  }

  async decode(data, options = {}) {
    options.signal?.throwIfAborted();
    const bands = await this.#bands(data, options);
    if (bands.length < 2) return this.#call("decode", data, options);
    const stop = new AbortController();
    const all = () => stop.abort(options.signal.reason);
    options.signal?.addEventListener("abort", all, { once: true });
    try {
      const { signal } = stop;
      const parts = await Promise.all(bands.map((region) => this.#call("decode", data, { ...options, region, signal })));
      const [{ width, channels, samples: first }] = parts;
      const samples = new first.constructor(parts.reduce((length, part) => length + part.samples.length, 0));
      let at = 0;
      for (const part of parts) {
        samples.set(part.samples, at);
        at += part.samples.length;
      }
      return { ...parts[0], height: samples.length / (width * channels), samples };
    } finally {
      options.signal?.removeEventListener("abort", all);
      stop.abort();
    }
  }

  /** What several workers are to do of a decode, or nothing where one does it. */
  async #bands(data, { region, size, scale = 1, partial, signal }) {
    if (this.#hands.length === 1 || size || scale !== 1 || partial) return [];
    const info = await this.head(data);
    signal?.throwIfAborted();
    const [left, top, right, bottom] = region ?? [0, 0, info.width, info.height];
    const each = DIVISIBLE[info.family] / 2;
    const count = Math.min(this.#hands.length, bottom - top, Math.floor(((right - left) * (bottom - top)) / each));
    const inside = left >= 0 && left < right && right <= info.width && top >= 0 && bottom <= info.height;
    return inside && count > 1 ? bandsOf([left, top, right, bottom], count) : [];
  }

  async *previews(data, { signal, ...options } = {}) {
    const hand = this.#free();
    const task = hand.task();
    const bytes = copyOf(data);
    let message = { task, method: "previews", data: bytes, options };
    try {
      for (let transfer = [bytes.buffer]; ; transfer = undefined) {
        const preview = await hand.call(message, signal, transfer);
        if (!preview) return;
        yield preview;
        message = { task, method: "next" };
      }
    } finally {
      hand.stop(task);
    }
  }

  async *stream(source, options = {}) {
    yield* streamed(source, options, (data, more) => this.previews(data, more));
  }

  close() {
    this.#closed = true;
    for (const hand of this.#hands) hand.fail(new CoinError("usage", "this decoder is closed"));
  }
}

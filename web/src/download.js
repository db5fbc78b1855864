/** Previews while a file arrives. */
import { CoinError } from "./errors.js";

/** Bytes that grow: the beginning of a body, as much of it as there is, each time at least a twentieth more. */
export async function* growing(body) {
  const reader = body.getReader();
  let buffer = new Uint8Array(1 << 14);
  let length = 0;
  let done = false;
  let failure;
  let wake = () => {};
  // Reads on while the caller decodes, so that a fast download is not decoded more often than it is worth.
  const reading = async () => {
    for (;;) {
      const { value, done: ended } = await reader.read();
      if (ended) return;
      if (length + value.length > buffer.length) {
        const larger = new Uint8Array(Math.max(2 * buffer.length, length + value.length));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(value, length);
      length += value.length;
      wake();
    }
  };
  reading()
    .catch((error) => (failure = { error }))
    .finally(() => {
      done = true;
      wake();
    });
  try {
    for (let next = 1; ; next = 1.05 * length) {
      while (!done && length < next) await new Promise((resolve) => (wake = resolve));
      if (failure) throw failure.error;
      const whole = done;
      yield { data: buffer.subarray(0, length), whole };
      if (whole) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The answer of a server that has the file. */
export async function answered(source, options) {
  const response = typeof source === "string" || source instanceof URL ? await fetch(source, options) : source;
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response;
}

/** What `stream` gives, by means of `previews`. */
export async function* streamed(source, { signal, ...options }, previews) {
  const response = await answered(source, { signal });
  let below = Infinity;
  for await (const { data, whole } of growing(response.body)) {
    try {
      for await (const preview of previews(data, { ...options, signal, partial: !whole, below })) {
        below = preview.step;
        yield preview;
      }
    } catch (error) {
      if (whole || !(error instanceof CoinError) || error.code !== "truncated") throw error;
    }
  }
}

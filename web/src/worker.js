/** Does what a Decoder asks for. */
import { decode, head, previews } from "./coin.js";

const port = globalThis.postMessage ? globalThis : (await import("node:worker_threads")).parentPort;

// Of a task that is not done: what stops it, and its previews.
const tasks = new Map();

const METHODS = {
  head: ({ data }) => head(data),
  decode: ({ data }, options) => decode(data, options),
  previews: ({ task, data }, options) => {
    tasks.get(task).previews = previews(data, options);
    return METHODS.next({ task });
  },
  next: async ({ task }) => (await tasks.get(task)?.previews.next())?.value,
};

function stop(task) {
  const { stop: controller, previews: begun } = tasks.get(task) ?? {};
  controller?.abort();
  begun?.return();
  tasks.delete(task);
}

async function answer(message) {
  const { task, method, options } = message;
  if (method === "stop") return stop(task);
  if (!tasks.has(task)) tasks.set(task, { stop: new AbortController() });
  const { signal } = tasks.get(task).stop;
  try {
    const value = await METHODS[method](message, { ...options, signal });
    if (!value || method === "head" || method === "decode") tasks.delete(task);
    port.postMessage({ task, value }, value?.samples ? [value.samples.buffer] : []);
  } catch (error) {
    tasks.delete(task);
    port.postMessage({ task, error: { name: error.name, message: error.message, code: error.code } });
  }
}

if (port === globalThis) port.addEventListener("message", ({ data }) => answer(data));
else port.on("message", answer);

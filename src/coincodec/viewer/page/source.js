/** Where pictures come from: the server of `coin view`, or files that are decoded here. Both answer the same calls. */

/** What went wrong, in words for whoever looks. */
async function checked(response) {
  if (response.ok) return response;
  const text = response.headers.get("Content-Type")?.startsWith("text/plain") ? (await response.text()).trim() : "";
  throw new Error(text || `${response.status} ${response.statusText}`);
}

const get = async (url, signal) => checked(await fetch(url, { signal }));
const bitmapOf = async (response) => createImageBitmap(await response.blob());

/** Pictures that a server decodes. Numbers of pictures begin at 1; a region is left, top, right, bottom in pixels. */
class ServerSource {
  constructor(pictures) {
    this.pictures = pictures;
  }

  tileUrl(number, layer, region, size) {
    return `tile?picture=${number}&of=${layer}&region=${region.join()}&size=${size.join()}`;
  }

  /** The URL of a small picture, at most `side` pixels long. */
  thumbnail(number, side) {
    const { width, height } = this.pictures[number - 1];
    const scale = Math.min(1, side / Math.max(width, height));
    const size = [width, height].map((n) => Math.max(1, Math.round(scale * n)));
    return this.tileUrl(number, "coin", [0, 0, width, height], size);
  }

  /** A region of "coin" or "original" in so many pixels, as an ImageBitmap. */
  async tile(number, layer, region, size, signal) {
    return bitmapOf(await get(this.tileUrl(number, layer, region, size), signal));
  }

  /** From coarse to fine: step, place, width, height, bytes of each; the last one, of step 1, is the picture. */
  async previews(number) {
    return (await get(`previews?picture=${number}`)).json();
  }

  /** The samples of one of them as an ImageBitmap. */
  async preview(number, step) {
    return bitmapOf(await get(`preview?picture=${number}&step=${step}`));
  }

  /** What `coin info` says: names and texts. */
  async info(number) {
    return (await get(`info?picture=${number}`)).json();
  }

  /** The URL of the file itself, if it can be had. */
  file() {
    return undefined;
  }
}

/** Pictures in files beside this page, which the decoder's module decodes in a worker. */
class FileSource {
  constructor(pictures, decoder) {
    this.pictures = pictures;
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.calls = 0;
    this.originals = new Map();
    this.worker.onmessage = ({ data: { call, value, error } }) => {
      const { resolve, reject } = this.waiting.get(call) ?? {};
      this.waiting.delete(call);
      if (error === undefined) resolve?.(value);
      else reject?.(new Error(error));
    };
    this.worker.onerror = () => {
      for (const { reject } of this.waiting.values()) reject(new Error("the decoder could not be loaded"));
      this.waiting.clear();
    };
    this.worker.postMessage({ decoder: new URL(decoder, document.baseURI).href });
  }

  ask(name, number, options = {}, signal = undefined) {
    const call = ++this.calls;
    const { file, profile } = this.pictures[number - 1];
    const [url, colours] = [file, profile].map((name) => name && new URL(name, document.baseURI).href);
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", () => {
        if (!this.waiting.delete(call)) return;
        this.worker.postMessage({ cancel: call });
        reject(signal.reason);
      });
      this.waiting.set(call, { resolve, reject });
      this.worker.postMessage({ call, name, url, profile: colours, options });
    });
  }

  thumbnail(number) {
    return this.pictures[number - 1].thumbnail;
  }

  async tile(number, layer, region, size, signal) {
    if (layer === "coin") return this.ask("tile", number, { region, size }, signal);
    const [left, top, right, bottom] = region;
    const whole = await this.original(number);
    const options = { resizeWidth: size[0], resizeHeight: size[1], resizeQuality: "high" };
    return createImageBitmap(whole, left, top, right - left, bottom - top, options);
  }

  /** The last original that was asked for is kept. */
  async original(number) {
    if (!this.originals.has(number)) {
      this.originals.clear();
      const whole = get(this.pictures[number - 1].original).then(bitmapOf);
      whole.catch(() => this.originals.delete(number));
      this.originals.set(number, whole);
    }
    return this.originals.get(number);
  }

  previews(number) {
    return this.ask("previews", number);
  }

  preview(number, step) {
    return this.ask("preview", number, { step });
  }

  async info(number) {
    return this.pictures[number - 1].info;
  }

  file(number) {
    return this.pictures[number - 1].file;
  }
}

/** What the catalogue beside this page says there is. */
export async function open() {
  const { pictures, decoder } = await (await get("catalogue.json")).json();
  return decoder ? new FileSource(pictures, decoder) : new ServerSource(pictures);
}

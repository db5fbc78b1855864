/** <coin-image src alt>: a picture that shows while it arrives. */
import { CoinError, Decoder, toImageData, toPNG } from "./coin.js";
import { answered, growing } from "./download.js";

// Sides that every browser's canvas can have.
const MOST = 1 << 14;

const STYLE = `
  :host { display: inline-block; position: relative; contain: size; vertical-align: baseline; overflow: clip }
  :host([hidden]) { display: none }
  canvas { display: block; width: 100%; height: 100%; object-fit: inherit; object-position: inherit }
`;

let shared;

/** One for all elements, with a worker for each core but the page's. */
function decoder() {
  shared ??= new Decoder({ workers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency ?? 2) - 1)) });
  return shared;
}

/** Settles when an element comes near to what is seen of the page. */
function near(element, signal) {
  return new Promise((resolve, reject) => {
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && done(resolve), {
      rootMargin: "50%",
    });
    const done = (settle, reason) => {
      observer.disconnect();
      settle(reason);
    };
    signal.addEventListener("abort", () => done(reject, signal.reason), { once: true });
    observer.observe(element);
  });
}

/** Whether a canvas takes its samples as they are. */
const isUsual = ({ primaries, transfer }) => transfer === 13 && (primaries === 1 || primaries === 12);

/** What a canvas can draw. */
async function drawable(picture) {
  return isUsual(picture.colour) ? createImageBitmap(toImageData(picture)) : createImageBitmap(await toPNG(picture));
}

function canvasOf({ colour, channels }, [width, height]) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute("part", "picture");
  const wide = colour.primaries !== 1 && matchMedia("(color-gamut: p3)").matches;
  canvas.getContext("2d", { alpha: channels % 2 === 0, colorSpace: wide ? "display-p3" : "srgb" });
  return canvas;
}

/** Draws a preview between whose samples lie several pixels. */
async function enlarged(preview, size) {
  const canvas = canvasOf(preview, size);
  const context = canvas.getContext("2d");
  const bitmap = await drawable(preview);
  const [x, y] = [size[0] / preview.of[0], size[1] / preview.of[1]];
  const first = preview.place - preview.step / 2;
  const box = [first * x, first * y, preview.width * preview.step * x, preview.height * preview.step * y];
  context.imageSmoothingQuality = "high";
  // What lies beyond the outermost samples is much like them.
  if (preview.channels % 2) context.drawImage(bitmap, 0, 0, ...size);
  context.drawImage(bitmap, ...box);
  bitmap.close();
  return canvas;
}

async function drawn(picture) {
  const canvas = canvasOf(picture, [picture.width, picture.height]);
  const context = canvas.getContext("2d");
  if (isUsual(picture.colour)) {
    context.putImageData(toImageData(picture), 0, 0);
  } else {
    const bitmap = await drawable(picture);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
  }
  return canvas;
}

// Where there are no pages the class is there, too, but not its base.
const Base = globalThis.HTMLElement ?? class {};

export class CoinImage extends Base {
  static observedAttributes = ["src", "alt", "width", "height", "loading"];

  #internals = this.attachInternals();
  #sheet = new CSSStyleSheet();
  #content = document.createElement("span");
  #observer = new ResizeObserver(() => this.#grown());
  #sized = () => {};
  #box = [0, 0];
  #head;
  #data;
  #shown = [0, 0];
  #complete = true;
  #loading;
  #refining;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style, this.#sheet];
    root.append(this.#content);
    this.#internals.role = "img";
    this.#layout();
  }

  get src() {
    const src = this.getAttribute("src");
    return src ? new URL(src, this.baseURI).href : "";
  }
  set src(value) {
    this.setAttribute("src", value);
  }

  get alt() {
    return this.getAttribute("alt") ?? "";
  }
  set alt(value) {
    this.setAttribute("alt", value);
  }

  get loading() {
    return this.getAttribute("loading") === "lazy" ? "lazy" : "eager";
  }
  set loading(value) {
    this.setAttribute("loading", value);
  }

  get width() {
    return this.clientWidth;
  }
  set width(value) {
    this.setAttribute("width", value);
  }

  get height() {
    return this.clientHeight;
  }
  set height(value) {
    this.setAttribute("height", value);
  }

  get naturalWidth() {
    return this.#head?.width ?? 0;
  }

  get naturalHeight() {
    return this.#head?.height ?? 0;
  }

  get complete() {
    return this.#complete;
  }

  connectedCallback() {
    this.#observe();
    if (!this.#data) this.#load();
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    this.#refining?.abort();
    if (this.#complete) return;
    this.#loading?.abort();
    this.#data = undefined;
  }

  attributeChangedCallback(name, before, now) {
    if (name === "alt") {
      this.#internals.role = now === "" ? "presentation" : "img";
      this.#internals.ariaLabel = now;
    } else if (name === "src") {
      this.#load();
    } else if (name === "loading") {
      if (before === "lazy" && !this.#head && !this.#complete) this.#load();
    } else {
      this.#layout();
    }
  }

  #observe() {
    try {
      this.#observer.observe(this, { box: "device-pixel-content-box" });
    } catch {
      this.#observer.observe(this);
    }
  }

  /** Takes as much room as an <img> would. */
  #layout() {
    const [width, height] = ["width", "height"].map((name) => /^\s*\d+/.exec(this.getAttribute(name) ?? "")?.[0]);
    if (this.#content.textContent) return this.#sheet.replaceSync(":host { contain: none }");
    const natural = [this.#head?.width ?? width ?? 0, this.#head?.height ?? height ?? 0];
    const rules = [`contain-intrinsic-size: ${natural[0]}px ${natural[1]}px`];
    if (natural[0] > 0 && natural[1] > 0) rules.push(`aspect-ratio: ${natural[0]} / ${natural[1]}`, "min-width: 0", "min-height: 0");
    if (width !== undefined) rules.push(`width: ${width}px`);
    if (height !== undefined) rules.push(`height: ${height}px`);
    this.#sheet.replaceSync(`:host { ${rules.join("; ")} }`);
  }

  async #load() {
    this.#loading?.abort();
    this.#refining?.abort();
    this.#data = undefined;
    const { src } = this;
    if (!src || !this.isConnected) {
      this.#complete = true;
      if (!src) this.#clear();
      return;
    }
    this.#complete = false;
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    try {
      // An attribute that is set next to this one counts, too.
      await null;
      signal.throwIfAborted();
      if (this.loading === "lazy") await near(this, signal);
      await this.#arrive(await answered(src, { signal }), signal);
      this.#complete = true;
      this.dispatchEvent(new Event("load"));
    } catch (error) {
      if (signal.aborted) return;
      this.#complete = true;
      this.#clear(this.alt);
      this.dispatchEvent(new ErrorEvent("error", { error, message: error.message }));
    }
  }

  async #arrive(response, signal) {
    let known = false;
    let below = Infinity;
    let last;
    for await (const { data, whole } of growing(response.body)) {
      signal.throwIfAborted();
      last = data;
      try {
        if (!known) {
          const head = await decoder().head(data);
          signal.throwIfAborted();
          known = true;
          this.#head = head;
          this.#content.textContent = "";
          this.#layout();
        }
        // Of a whole file one preview at most, if there was nothing to see before.
        if (whole && below < Infinity) break;
        for await (const preview of decoder().previews(data, { partial: !whole, below, signal })) {
          below = preview.step;
          await this.#preview(preview, signal);
          if (whole || preview.step <= this.#ratio()) break;
        }
      } catch (error) {
        if (whole || !(error instanceof CoinError) || error.code !== "truncated") throw error;
      }
    }
    this.#data = last.slice();
    this.#shown = [0, 0];
    await this.#refine(signal);
  }

  async #preview(preview, signal) {
    if (!this.#boxed()) return;
    const canvas = await enlarged(preview, this.#wanted());
    signal.throwIfAborted();
    this.#replace(canvas);
    const { step, bytes } = preview;
    this.dispatchEvent(new CustomEvent("preview", { detail: { step, bytes } }));
  }

  #boxed() {
    const style = getComputedStyle(this);
    const inner = (side, ...around) =>
      side - around.reduce((sum, name) => sum + (parseFloat(style.getPropertyValue(name)) || 0), 0);
    this.#box = [
      inner(this.clientWidth, "padding-left", "padding-right"),
      inner(this.clientHeight, "padding-top", "padding-bottom"),
    ];
    return this.#box[0] > 0 && this.#box[1] > 0;
  }

  /** Pixels of the screen for each of the picture. */
  #scale() {
    const { width, height } = this.#head;
    const [x, y] = [this.#box[0] / width, this.#box[1] / height];
    const fit = getComputedStyle(this).objectFit;
    const css = fit === "none" ? 1 : fit === "contain" || fit === "scale-down" ? Math.min(x, y) : Math.max(x, y);
    return Math.min(1, css * devicePixelRatio, MOST / width, MOST / height);
  }

  /** Pixels of the picture for each of the screen. */
  #ratio() {
    return 1 / this.#scale();
  }

  /** How many pixels to show. */
  #wanted() {
    const { width, height } = this.#head;
    const scale = this.#scale();
    return [width, height].map((side) => Math.max(1, Math.ceil(scale * side)));
  }

  /** Decodes as many pixels as are shown, as soon as there is room for any. */
  async #refine(signal) {
    while (!this.#boxed()) {
      await new Promise((resolve) => (this.#sized = resolve));
      signal.throwIfAborted();
    }
    const size = this.#wanted();
    const { width, height } = this.#head;
    const whole = size[0] === width && size[1] === height;
    const picture = await decoder().decode(this.#data, { ...(whole ? {} : { size }), signal });
    const canvas = await drawn(picture);
    signal.throwIfAborted();
    this.#shown = size;
    this.#replace(canvas);
  }

  #grown() {
    this.#sized();
    if (!this.#data || !this.#complete || !this.#boxed()) return;
    const size = this.#wanted();
    if (size[0] <= this.#shown[0] && size[1] <= this.#shown[1]) return;
    this.#refining?.abort();
    this.#refining = new AbortController();
    // A picture that was decoded once is decoded again, unless it is done with.
    this.#refine(this.#refining.signal).catch(() => {});
  }

  #replace(content) {
    this.#content.replaceWith(content);
    this.#content = content;
  }

  /** Shows words in the picture's place, or nothing. */
  #clear(text = "") {
    this.#head = this.#data = undefined;
    this.#replace(document.createElement("span"));
    this.#content.textContent = text;
    this.#layout();
  }
}

if (globalThis.customElements && !customElements.get("coin-image")) customElements.define("coin-image", CoinImage);

/** The canvas: one picture, its original beside it if it is wanted, at any scale. */

import { listen } from "./gestures.js";
import { Pyramid } from "./pyramid.js";
import { View } from "./view.js";

// A siren is computed between pixels up to 2 to the power of this; between those the screen's own filter does.
const FINEST = 5;
const CHECK = 8; // CSS pixels of a square behind transparent pictures
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const GLIDE = 160; // milliseconds of a zoom by key or double click

export class Stage {
  /** changed(): after every look that differs. failed(error): when something cannot be shown. swiped(direction). */
  constructor(canvas, { changed, failed, swiped }) {
    Object.assign(this, { canvas, changed, failed });
    this.context = canvas.getContext("2d");
    this.layers = {};
    this.divider = 0.5;
    new ResizeObserver(() => this.resize()).observe(canvas);
    listen(canvas, {
      move: (dx, dy) => this.move(-dx, -dy),
      zoom: (factor, x, y) => this.zoom(factor, [x, y]),
      double: (x, y) => this.zoom(this.view.scale < 1 ? 1 / this.view.scale : 2, [x, y], true),
      swipe: swiped,
      swipes: () => Boolean(this.view && !this.view.larger),
    });
  }

  /** Shows a picture of a source. look: where to, as View.look takes it; all of it if undefined. */
  open(source, number, look) {
    this.close();
    const { width, height, family, channels, original } = source.pictures[number - 1];
    this.view = new View(width, height);
    this.transparent = channels % 2 === 0;
    const layer = (name, finest) =>
      new Pyramid({
        width,
        height,
        finest,
        load: (region, size, signal) => source.tile(number, name, region, size, signal),
        changed: () => this.redraw(),
        failed: (error) => this.failed(error, name),
      });
    this.layers = { coin: layer("coin", family === "siren" ? FINEST : 0) };
    if (original) this.layers.original = layer("original", 0);
    this.resize();
    if (look) this.look(look);
  }

  close() {
    for (const layer of Object.values(this.layers)) layer.close();
    this.layers = {};
    this.view = undefined;
    this.preview = undefined;
    this.flipped = false;
    cancelAnimationFrame(this.gliding);
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!this.view || !clientWidth || !clientHeight) return;
    this.canvas.width = Math.round(clientWidth * this.ratio);
    this.canvas.height = Math.round(clientHeight * this.ratio);
    this.view.resize(this.canvas.width, this.canvas.height);
    this.changed();
    this.paint();
  }

  look(place) {
    this.view.look(place);
    this.changed();
    this.redraw();
  }

  /** By CSS pixels of the screen. */
  move(dx, dy) {
    if (!this.view) return;
    const { scale, x, y } = this.view;
    this.look({ x: x + (dx * this.ratio) / scale, y: y + (dy * this.ratio) / scale });
  }

  /** By a factor, about a place of the canvas in CSS pixels; its middle if undefined. glide: not at once. */
  zoom(factor, place, glide = false) {
    if (!this.view) return;
    const aim = this.view.zoomed(
      (this.aim && glide ? this.aim.scale : this.view.scale) * factor,
      place?.map((n) => n * this.ratio),
    );
    this.go(aim, glide);
  }

  go(aim, glide = true) {
    cancelAnimationFrame(this.gliding);
    this.aim = undefined;
    if (!glide || STILL.matches) {
      this.look(aim);
      return;
    }
    this.aim = aim;
    const { scale, x, y } = this.view;
    const begun = performance.now();
    const frame = (now) => {
      const t = Math.min(1, Math.max(0, (now - begun) / GLIDE));
      const s = t * (2 - t);
      const current = scale * (aim.scale / scale) ** s;
      // The place that stays where it is does so all the way.
      const share = aim.scale === scale ? s : (1 / scale - 1 / current) / (1 / scale - 1 / aim.scale);
      this.look(t < 1 ? { scale: current, x: x + (aim.x - x) * share, y: y + (aim.y - y) * share } : aim);
      if (t < 1) this.gliding = requestAnimationFrame(frame);
      else this.aim = undefined;
    };
    this.gliding = requestAnimationFrame(frame);
  }

  fit(glide = true) {
    if (this.view) this.go({ scale: this.view.whole, x: this.view.width / 2, y: this.view.height / 2 }, glide);
  }

  /** Sets what is shown how: compare, flipped, pixels (true or false), divider (0..1), preview. */
  set(what) {
    Object.assign(this, what);
    this.redraw();
  }

  redraw() {
    this.canvas.parentElement.setAttribute("aria-busy", "true");
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    const { context, view, canvas } = this;
    if (!view) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const [left, top] = view.onScreen(0, 0).map(Math.round);
    const [right, bottom] = view.onScreen(view.width, view.height).map(Math.round);
    if (this.transparent) this.checks(left, top, right, bottom);
    let there = true;
    const within = (from, to, draw) => {
      context.save();
      context.beginPath();
      context.rect(from, 0, to - from, canvas.height);
      context.clip();
      draw();
      context.restore();
    };
    const original = () => (there = this.draw("original") && there);
    const coin = () => {
      if (this.preview) this.drawPreview(left, top, right, bottom);
      else there = this.draw("coin") && there;
    };
    const cut = Math.round(this.divider * canvas.width);
    if (this.flipped && this.layers.original) original();
    else if (this.compare && this.layers.original) {
      within(0, cut, original);
      within(cut, canvas.width, coin);
    } else coin();
    canvas.parentElement.setAttribute("aria-busy", String(!there));
  }

  draw(name) {
    return this.layers[name].draw(this.context, this.view, {
      smooth: !this.pixels || this.view.scale < 1,
      finest: this.pixels ? 0 : undefined,
    });
  }

  /** Samples of the whole picture, `step` pixels apart, the first one at `place`. */
  drawPreview(left, top, right, bottom) {
    const { context, view, preview } = this;
    const { bitmap, step, place } = preview;
    const first = place - step / 2;
    const [x, y] = view.onScreen(first, first);
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.imageSmoothingEnabled = !this.pixels || step * view.scale < 1;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, x, y, bitmap.width * step * view.scale, bitmap.height * step * view.scale);
    context.restore();
  }

  checks(left, top, right, bottom) {
    const { context, canvas, ratio } = this;
    const side = Math.round(CHECK * ratio);
    const [from, to] = [Math.max(0, left), Math.min(canvas.width, right)];
    const [above, below] = [Math.max(0, top), Math.min(canvas.height, bottom)];
    context.fillStyle = "#fff";
    context.fillRect(from, above, to - from, below - above);
    context.fillStyle = "#ddd";
    for (let row = 0, y = above; y < below; ++row, y += side)
      for (let x = from + (row % 2) * side; x < to; x += 2 * side)
        context.fillRect(x, y, Math.min(side, to - x), Math.min(side, below - y));
  }
}

/** The coarse-to-fine sequence of a picture: a range of steps, and what each took. */

import { bytes, count, size } from "./words.js";

const PAUSE = 700; // milliseconds that a step is shown

/** Samples with their last column and row once more, which stand for what lies beyond them. */
function padded(bitmap) {
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement("canvas"), { width: width + 1, height: height + 1 });
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  context.drawImage(bitmap, width - 1, 0, 1, height, width, 0, 1, height);
  context.drawImage(canvas, 0, height - 1, width + 1, 1, 0, height, width + 1, 1);
  bitmap.close();
  return canvas;
}

export class Sequence {
  /** parts: the elements panel, play, step and said. show(preview): draws one; undefined for the picture itself. */
  constructor(parts, { show, failed }) {
    Object.assign(this, { ...parts, show, failed });
    this.step.addEventListener("input", () => {
      this.pause();
      this.go(this.step.valueAsNumber);
    });
    this.play.addEventListener("click", () => (this.playing ? this.pause() : this.run()));
  }

  get shown() {
    return !this.panel.hidden;
  }

  /** Shows the sequence of a picture, at its end. */
  async open(source, number) {
    const { width, height, bytes: total } = source.pictures[number - 1];
    Object.assign(this, { source, number, total, of: size({ width, height }), steps: [], bitmaps: new Map() });
    this.panel.hidden = false;
    this.said.textContent = "…";
    try {
      const steps = await source.previews(number);
      if (this.number !== number) return;
      this.steps = steps;
      this.step.max = steps.length - 1;
      await this.go(steps.length - 1);
    } catch (error) {
      if (this.number === number) this.failed(error);
    }
  }

  close() {
    this.pause();
    this.panel.hidden = true;
    this.number = undefined;
    this.show(undefined);
  }

  pause() {
    clearTimeout(this.playing);
    this.playing = undefined;
    this.play.textContent = "Play";
    this.play.setAttribute("aria-label", "Play");
  }

  async run() {
    this.play.textContent = "Pause";
    this.play.setAttribute("aria-label", "Pause");
    const last = this.steps.length - 1;
    let at = this.step.valueAsNumber < last ? this.step.valueAsNumber : -1;
    const next = async () => {
      const turn = this.playing;
      await this.go(++at);
      if (this.playing !== turn) return; // paused meanwhile
      if (at < last) this.playing = setTimeout(next, PAUSE);
      else this.pause();
    };
    this.playing = setTimeout(next);
  }

  /** Shows one step. */
  async go(at) {
    const preview = this.steps[at];
    if (!preview) return;
    const { number } = this;
    this.step.value = at;
    this.wanted = at;
    const share = (100 * preview.bytes) / this.total;
    const scale = preview.step === 1 ? "The picture" : `1:${preview.step}`;
    const text = `${scale}, ${size(preview)} samples, ${bytes(preview.bytes)} of ${count(this.total)} (${share.toFixed(share < 10 ? 1 : 0)} %)`;
    this.said.textContent = text;
    this.step.setAttribute("aria-valuetext", text);
    this.panel.setAttribute("aria-busy", String(preview.step !== 1));
    if (preview.step === 1) {
      this.show(undefined);
      return;
    }
    try {
      if (!this.bitmaps.has(at)) this.bitmaps.set(at, padded(await this.source.preview(number, preview.step)));
      if (this.number !== number || this.wanted !== at) return;
      this.show({ bitmap: this.bitmaps.get(at), step: preview.step, place: preview.place });
      this.panel.setAttribute("aria-busy", "false");
    } catch (error) {
      if (this.number === number) this.failed(error);
    }
  }
}

/** Where in a picture a screen looks, and how closely. */

// Pixels of the screen for one of the picture, at most.
const CLOSEST = 64;
// A small picture is enlarged this much to fill the screen.
const FILLING = 8;

export class View {
  /** width, height: of the picture. The screen has no size yet. */
  constructor(width, height) {
    Object.assign(this, { width, height, screen: [1, 1], scale: 1, x: width / 2, y: height / 2, fitted: true });
  }

  /** The scale that shows the whole picture. */
  get whole() {
    return Math.min(this.screen[0] / this.width, this.screen[1] / this.height, FILLING);
  }

  /** Sets the size of the screen in its pixels. */
  resize(width, height) {
    this.screen = [Math.max(1, width), Math.max(1, height)];
    if (this.fitted) this.fit();
    else this.look(this);
  }

  fit() {
    this.look({ scale: this.whole, x: this.width / 2, y: this.height / 2 });
  }

  /** Looks at a place, in pixels of the picture, which comes to the middle of the screen as far as its edges allow. */
  look({ scale = this.scale, x = this.x, y = this.y }) {
    const { whole } = this;
    this.scale = Math.max(Math.min(whole, 1), Math.min(CLOSEST, scale));
    const [halfWidth, halfHeight] = this.screen.map((n) => n / this.scale / 2);
    const within = (place, half, side) =>
      2 * half >= side ? side / 2 : Math.max(half, Math.min(side - half, place));
    this.x = within(x, halfWidth, this.width);
    this.y = within(y, halfHeight, this.height);
    this.fitted = Math.abs(this.scale / whole - 1) < 1e-6;
  }

  /** What a zoom about a place of the screen leads to. */
  zoomed(scale, [left, top] = this.screen.map((n) => n / 2)) {
    const bounded = Math.max(Math.min(this.whole, 1), Math.min(CLOSEST, scale));
    const [x, y] = this.inPicture(left, top);
    const [dx, dy] = [left - this.screen[0] / 2, top - this.screen[1] / 2];
    return { scale: bounded, x: x - dx / bounded, y: y - dy / bounded };
  }

  /** Whether there is more of the picture than the screen shows. */
  get larger() {
    return this.scale * this.width > this.screen[0] + 1 || this.scale * this.height > this.screen[1] + 1;
  }

  /** A place of the picture on the screen, and the other way. */
  onScreen(x, y) {
    return [(x - this.x) * this.scale + this.screen[0] / 2, (y - this.y) * this.scale + this.screen[1] / 2];
  }

  inPicture(left, top) {
    return [(left - this.screen[0] / 2) / this.scale + this.x, (top - this.screen[1] / 2) / this.scale + this.y];
  }

  /** The part of the picture on the screen. */
  get shown() {
    const [left, top] = this.inPicture(0, 0);
    const [right, bottom] = this.inPicture(...this.screen);
    return {
      left: Math.max(0, left),
      top: Math.max(0, top),
      right: Math.min(this.width, right),
      bottom: Math.min(this.height, bottom),
    };
  }
}

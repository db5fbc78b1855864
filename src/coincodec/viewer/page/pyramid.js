/** A picture in tiles at each power of two of scale, loaded as they come into view. */

const TILE = 512;
// Pixels of a tile beyond its own part, so that what is drawn between pixels does not show where tiles meet.
const MARGIN = 4;
// Tiles that are kept, and loads at a time.
const KEPT = 160;
const AT_ONCE = 4;

export class Pyramid {
  /**
   * width, height: of the picture. finest: the exponent of the finest scale: 0, or more where there is more between
   * pixels. load(region, size, signal): a promise of an ImageBitmap. changed(): called when there is more to draw.
   * failed(error): when a tile cannot be had.
   */
  constructor({ width, height, finest, load, changed, failed }) {
    Object.assign(this, { width, height, finest, load, changed, failed });
    this.coarsest = Math.min(0, -Math.ceil(Math.log2(Math.max(width, height) / TILE)));
    this.tiles = new Map();
    this.loading = new Map();
    this.broken = new Set();
    this.wanted = [];
  }

  /** The exponent of the scale at which the picture is shown by `scale` pixels of the screen for each of its own. */
  level(scale, finest = this.finest) {
    const exact = Math.ceil(Math.log2(scale) - 1e-6);
    return Math.max(this.coarsest, Math.min(finest, exact));
  }

  /** Draws what is in view, and asks for what is not there. view: see Stage. Returns whether all of it was there. */
  draw(context, view, { smooth, finest }) {
    const level = this.level(view.scale, finest);
    const { left, top, right, bottom } = view.shown;
    const span = TILE / 2 ** level;
    const missing = [];
    for (let row = Math.floor(top / span); row * span < bottom; ++row)
      for (let column = Math.floor(left / span); column * span < right; ++column) {
        if (!this.paint(context, view, smooth, level, column, row)) missing.push(this.tile(level, column, row));
      }
    const { x, y } = view;
    const far = ({ part: [l, t, r, b] }) => Math.hypot((l + r) / 2 - x, (t + b) / 2 - y);
    missing.sort((a, b) => far(a) - far(b));
    // The coarsest tile first: it stands for those that have yet to come.
    if (missing.length && !this.tiles.has(`${this.coarsest},0,0`)) missing.unshift(this.tile(this.coarsest, 0, 0));
    this.want(missing);
    this.forget();
    return !missing.some(({ key }) => !this.broken.has(key));
  }

  /** Which part of the picture a tile is, with and without its margin, and in how many pixels. */
  tile(level, column, row) {
    const span = TILE / 2 ** level;
    const { width, height } = this;
    const part = [column * span, row * span, Math.min(width, (column + 1) * span), Math.min(height, (row + 1) * span)];
    const margin = Math.ceil(MARGIN / 2 ** level);
    const [left, top, right, bottom] = part;
    const region = [
      Math.max(0, left - margin),
      Math.max(0, top - margin),
      Math.min(width, right + margin),
      Math.min(height, bottom + margin),
    ];
    const size = [region[2] - region[0], region[3] - region[1]].map((n) => Math.max(1, Math.ceil(n * 2 ** level)));
    return { key: `${level},${column},${row}`, part, region, size };
  }

  /** Draws a tile, or what there is of it in a coarser one. Returns whether it was the tile itself. */
  paint(context, view, smooth, level, column, row) {
    const { part } = this.tile(level, column, row);
    for (let coarser = level; coarser >= this.coarsest; --coarser) {
      const shift = 2 ** (level - coarser);
      const key = `${coarser},${Math.floor(column / shift)},${Math.floor(row / shift)}`;
      const found = this.tiles.get(key);
      if (!found) continue;
      this.tiles.delete(key); // and in again, as the one that was used last
      this.tiles.set(key, found);
      const { bitmap, region } = found;
      const [x, y] = [bitmap.width / (region[2] - region[0]), bitmap.height / (region[3] - region[1])];
      const [left, top] = view.onScreen(part[0], part[1]).map(Math.round);
      const [right, bottom] = view.onScreen(part[2], part[3]).map(Math.round);
      context.imageSmoothingEnabled = smooth;
      context.imageSmoothingQuality = "high";
      context.drawImage(
        bitmap,
        (part[0] - region[0]) * x,
        (part[1] - region[1]) * y,
        (part[2] - part[0]) * x,
        (part[3] - part[1]) * y,
        left,
        top,
        right - left,
        bottom - top,
      );
      return coarser === level;
    }
    return false;
  }

  /** Loads these, the first ones first, and stops loading others. */
  want(tiles) {
    this.wanted = tiles;
    const keys = new Set(tiles.map(({ key }) => key));
    for (const [key, stop] of this.loading) if (!keys.has(key)) stop.abort();
    this.next();
  }

  next() {
    for (const tile of this.wanted) {
      if (this.loading.size >= AT_ONCE) return;
      if (!this.loading.has(tile.key) && !this.broken.has(tile.key) && !this.tiles.has(tile.key)) this.start(tile);
    }
  }

  async start({ key, region, size }) {
    const stop = new AbortController();
    this.loading.set(key, stop);
    try {
      const bitmap = await this.load(region, size, stop.signal);
      if (this.closed) bitmap.close();
      else this.tiles.set(key, { bitmap, region });
    } catch (error) {
      if (!stop.signal.aborted) {
        this.broken.add(key);
        if (!this.closed) this.failed(error);
      }
    } finally {
      this.loading.delete(key);
      if (!this.closed) {
        this.next();
        this.changed();
      }
    }
  }

  forget() {
    for (const [key, { bitmap }] of this.tiles) {
      if (this.tiles.size <= KEPT) return;
      if (key === `${this.coarsest},0,0`) continue;
      this.tiles.delete(key);
      bitmap.close();
    }
  }

  /** Stops loading and gives its memory back. */
  close() {
    this.closed = true;
    for (const stop of this.loading.values()) stop.abort();
    for (const { bitmap } of this.tiles.values()) bitmap.close();
    this.tiles.clear();
  }
}

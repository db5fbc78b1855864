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

// Pictures of a latent model up to so many pixels are decoded once and cut: each of their tiles would take as long.
const WHOLE = 1 << 22;
// Previews of more pixels are left to tiles.
const LARGEST_PREVIEW = 1 << 22;

/** Pictures in files beside this page, which the decoder's module, `coin`, decodes in workers. */
class FileSource {
  constructor(pictures, coin) {
    Object.assign(this, { pictures, coin, decoder: new coin.Decoder({ workers: 2 }), kept: new Map() });
  }

  thumbnail(number) {
    return this.pictures[number - 1].thumbnail;
  }

  /** What was made of a picture, of the last one that was looked at alone; made now if it was not. */
  keep(number, name, make) {
    if (this.number !== number) this.kept.clear();
    this.number = number;
    if (!this.kept.has(name)) {
      const value = make();
      value.catch(() => this.kept.delete(name));
      this.kept.set(name, value);
    }
    return this.kept.get(name);
  }

  data(number) {
    const { file } = this.pictures[number - 1];
    return this.keep(number, "data", async () => new Uint8Array(await (await get(file)).arrayBuffer()));
  }

  original(number) {
    return this.keep(number, "original", async () => bitmapOf(await get(this.pictures[number - 1].original)));
  }

  whole(number) {
    return this.keep(number, "whole", async () => this.bitmap(await this.decoder.decode(await this.data(number))));
  }

  /** A browser converts the colours of PNG files, and knows those of an ImageData that are usual. */
  async bitmap(samples) {
    const { primaries, transfer } = samples.colour;
    const usual = transfer === 13 && (primaries === 1 || primaries === 12);
    return createImageBitmap(usual ? this.coin.toImageData(samples) : await this.coin.toPNG(samples));
  }

  async tile(number, layer, region, size, signal) {
    const { family, width, height } = this.pictures[number - 1];
    const [left, top, right, bottom] = region;
    if (layer === "coin" && (family === "siren" || width * height > WHOLE)) {
      const draft = right - left >= 4 * size[0];
      return this.bitmap(await this.decoder.decode(await this.data(number), { region, size, draft, signal }));
    }
    const whole = await (layer === "coin" ? this.whole(number) : this.original(number));
    const options = { resizeWidth: size[0], resizeHeight: size[1], resizeQuality: "high" };
    return createImageBitmap(whole, left, top, right - left, bottom - top, options);
  }

  sequence(number) {
    return this.keep(number, "sequence", async () => {
      const found = [];
      for await (const preview of this.decoder.previews(await this.data(number)))
        if (preview.step === 1 || preview.width * preview.height <= LARGEST_PREVIEW) found.push(preview);
      found.at(-1).samples = undefined; // the picture itself, which comes in tiles
      return found;
    });
  }

  previews(number) {
    return this.sequence(number);
  }

  async preview(number, step) {
    return this.bitmap((await this.sequence(number)).find((preview) => preview.step === step));
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
  if (!decoder) return new ServerSource(pictures);
  return new FileSource(pictures, await import(new URL(decoder, document.baseURI)));
}

/** Decodes for FileSource, off the page's thread, one call after the other. */

import { png } from "./png.js";

// Pictures of a latent model up to so many pixels are decoded once and cut: each of their tiles would take as long.
const WHOLE = 1 << 22;
// Previews of more pixels than this are left to tiles.
const MOST = 1 << 22;

let coin;
let calls = [];
let working = false;

// The last file, and what was made of it.
let last = { url: undefined };

async function bytesAt(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** profile: the URL of an ICC profile, of pictures in other colours than sRGB. */
async function opened(url, profile) {
  if (last.url !== url) {
    const data = await bytesAt(url);
    last = { url, data, head: await coin.head(data), profile: profile && (await bytesAt(profile)) };
  }
  return last;
}

async function bitmap({ profile }, samples) {
  const picture = coin.toImageData(samples);
  return createImageBitmap(profile ? await png(picture, profile) : picture);
}

async function whole(file) {
  return (file.whole ??= await bitmap(file, await coin.decode(file.data)));
}

async function tile(file, { region, size }) {
  const [left, top, right, bottom] = region;
  const { family, width, height } = file.head;
  if (family === "siren" || width * height > WHOLE) {
    const draft = right - left >= 4 * size[0];
    return bitmap(file, await coin.decode(file.data, { region, size, draft }));
  }
  const options = { resizeWidth: size[0], resizeHeight: size[1], resizeQuality: "high" };
  return createImageBitmap(await whole(file), left, top, right - left, bottom - top, options);
}

async function sequence(file) {
  if (!file.sequence) {
    const found = [];
    for await (const preview of coin.previews(file.data))
      if (preview.step === 1 || preview.width * preview.height <= MOST) found.push(preview);
    file.sequence = found;
  }
  return file.sequence;
}

const WORK = {
  tile,
  previews: async (file) =>
    (await sequence(file)).map(({ step, place, width, height, bytes }) => ({ step, place, width, height, bytes })),
  preview: async (file, options) => bitmap(file, (await sequence(file)).find(({ step }) => step === options.step)),
};

async function work() {
  if (working) return;
  working = true;
  while (calls.length) {
    const { call, name, url, profile, options } = calls.shift();
    try {
      const value = await WORK[name](await opened(url, profile), options);
      postMessage({ call, value }, value instanceof ImageBitmap ? [value] : []);
    } catch (error) {
      postMessage({ call, error: error.message });
    }
    await new Promise((resolve) => setTimeout(resolve)); // calls that were taken back meanwhile
  }
  working = false;
}

// Messages that come while the decoder loads wait for it.
let loaded;

self.onmessage = async ({ data }) => {
  if (data.decoder) {
    loaded = import(data.decoder).then((module) => (coin = module));
    return;
  }
  if (data.cancel) {
    calls = calls.filter(({ call }) => call !== data.cancel);
    return;
  }
  calls.push(data);
  try {
    await loaded;
  } catch {
    calls = [];
    postMessage({ call: data.call, error: "the decoder could not be loaded" });
    return;
  }
  await work();
};

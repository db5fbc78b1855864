/** PNG files that say what their colours mean, for the browser to convert them (PNG specification, 5 and 11). */

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, ...parts) {
  const contents = [new TextEncoder().encode(name), ...parts];
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length + 8);
  let at = 4;
  for (const part of contents) {
    bytes.set(part, at);
    at += part.length;
  }
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length - 4);
  view.setUint32(at, crc(bytes.subarray(4, at)));
  return bytes;
}

/** An ImageData as a PNG file with an ICC profile: a Blob. */
export async function png({ width, height, data }, profile) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 6], 8); // bits, RGBA
  const rows = new Uint8Array((4 * width + 1) * height); // each after its filter's number, 0 for none
  for (let y = 0; y < height; ++y) rows.set(data.subarray(4 * width * y, 4 * width * (y + 1)), (4 * width + 1) * y + 1);
  const name = new TextEncoder().encode("profile\0\0"); // and that it is compressed by zlib
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", header),
    chunk("iCCP", name, await deflated(profile)),
    chunk("IDAT", await deflated(rows)),
    chunk("IEND"),
  ];
  return new Blob(parts, { type: "image/png" });
}

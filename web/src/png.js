/** Pictures as PNG: lossless, with the bits, the transparency and the colours that they have. */

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

// By channels.
const COLOUR_TYPES = [0, 0, 4, 2, 6];

// How rows are filtered: as differences from the row above.
const UP = 2;

const CRCS = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc(bytes) {
  let value = -1;
  for (const byte of bytes) value = CRCS[(value ^ byte) & 255] ^ (value >>> 8);
  return ~value;
}

function chunk(type, payload) {
  const bytes = new Uint8Array(12 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(payload, 8);
  view.setInt32(8 + payload.length, crc(bytes.subarray(4, 8 + payload.length)));
  return bytes;
}

/** Compressed as in zlib. */
async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Samples byte by byte, most significant first. */
function bytesOf({ samples, bitDepth }) {
  if (bitDepth === 8) return samples;
  const bytes = new Uint8Array(2 * samples.length);
  for (let i = 0; i < samples.length; ++i) {
    bytes[2 * i] = samples[i] >> 8;
    bytes[2 * i + 1] = samples[i] & 255;
  }
  return bytes;
}

function filtered(bytes, row) {
  const rows = bytes.length / row;
  const out = new Uint8Array((row + 1) * rows);
  for (let y = 0, from = 0, to = 0; y < rows; ++y) {
    out[to++] = y ? UP : 0;
    for (const end = from + row; from < end; ++from) out[to++] = y ? bytes[from] - bytes[from - row] : bytes[from];
  }
  return out;
}

/** What samples mean, as PNG says it. */
async function colourChunk({ primaries, transfer, icc } = { primaries: 1, transfer: 13 }) {
  if (icc) {
    const name = new TextEncoder().encode("ICC\0\0");
    return chunk("iCCP", Uint8Array.of(...name, ...(await deflated(icc))));
  }
  const full = 1;
  return primaries === 1 && transfer === 13
    ? chunk("sRGB", Uint8Array.of(0))
    : chunk("cICP", Uint8Array.of(primaries, transfer, 0, full));
}

/** A PNG file. */
export async function toPNG(picture) {
  const { width, height, channels, bitDepth, colour } = picture;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([bitDepth, COLOUR_TYPES[channels]], 8);
  const rows = filtered(bytesOf(picture), (width * channels * bitDepth) / 8);
  return new Blob(
    [
      SIGNATURE,
      chunk("IHDR", header),
      await colourChunk(colour),
      chunk("IDAT", await deflated(rows)),
      chunk("IEND", new Uint8Array(0)),
    ],
    { type: "image/png" },
  );
}

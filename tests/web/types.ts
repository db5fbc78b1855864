// What users of the package write; checked, not run.
import { CoinError, decode, Decoder, head, load, previews, stream, toImageData, toPNG } from "coincodec";
import type { Colour, Head, Picture, Preview } from "coincodec";
import { CoinImage } from "coincodec/element.js";

const data = new Uint8Array(9);
const { signal } = new AbortController();
const decoder: Pick<typeof import("coincodec"), "head" | "decode" | "previews" | "stream"> = new Decoder({ workers: 2 });

export async function everything(response: Response): Promise<Blob> {
  await load(new URL("https://example.org/coin.wasm"));
  const first: Head = await head(data.buffer);
  const picture: Picture = await decode(data, { region: [0, 0, first.width, 1], scale: 0.5, signal, limits: { pixels: 9 } });
  for await (const preview of previews(data, { partial: true, below: 8 })) toImageData(preview);
  for await (const preview of stream(response, { signal })) void (preview satisfies Preview);
  for await (const { colour, of } of decoder.stream("photo.coin")) void ([colour, of[0]] satisfies [Colour, number]);
  const bits: 8 | 16 = picture.bitDepth;
  void bits;
  return toPNG(picture);
}

export function codeOf(error: unknown): string | undefined {
  // @ts-expect-error: there is no such code
  if (error instanceof CoinError && error.code === "nonsense") return undefined;
  return error instanceof CoinError ? error.code : undefined;
}

export function elements(): CoinImage {
  const picture = document.createElement("coin-image");
  picture.src = "photo.coin";
  picture.addEventListener("preview", ({ detail }) => void (detail.step satisfies number));
  // @ts-expect-error: what a picture has is not ours to set
  picture.naturalWidth = 3;
  return picture;
}

// @ts-expect-error: a region has four sides
void decode(data, { region: [0, 0, 1] });
// @ts-expect-error: a stream comes from somewhere
void stream(data);

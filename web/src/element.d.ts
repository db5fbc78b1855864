/** What `preview` events tell: a sample for every `step` pixels, from so many bytes of the file. */
export interface PreviewDetail {
  step: number;
  bytes: number;
}

/**
 * <coin-image src alt>, an <img> for .coin pictures that shows while it arrives.
 *
 * Importing this module defines it. It takes the room that an <img> would, from `width` and `height` or, as soon as its
 * first bytes are there, from the file; `object-fit` works, and `::part(picture)` is what it draws on. It decodes as many
 * pixels as are shown, and again where more are. Events: `preview`, then `load` or `error` (an ErrorEvent); none bubbles.
 */
export class CoinImage extends HTMLElement {
  /** The file's address; a change lets go of what was loading. */
  src: string;
  alt: string;
  /** "lazy": nothing is fetched before it comes near to what is seen of the page. */
  loading: "eager" | "lazy";
  /** As laid out; what is set is the attribute. */
  width: number;
  height: number;
  /** Of the picture, 0 before they are known. */
  readonly naturalWidth: number;
  readonly naturalHeight: number;
  /** Whether nothing is loading. */
  readonly complete: boolean;

  addEventListener(
    type: "preview",
    listener: (this: CoinImage, event: CustomEvent<PreviewDetail>) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: CoinImage, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "coin-image": CoinImage;
  }
}

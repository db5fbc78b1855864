/** What is wrong with a stream, or with what is asked of it. */
export class CoinError extends Error {
  constructor(code, text) {
    super(text);
    this.name = "CoinError";
    this.code = code;
  }
}

export const noMemory = () => new CoinError("memory", "there is not enough memory");

/** Numbers and sizes as people read them. */

export const count = (number) => Math.round(number).toLocaleString("en");

export const bytes = (number) => `${count(number)} bytes`;

export const size = ({ width, height }) => `${count(width)} × ${count(height)}`;

/** A picture's name and size: what stands for it where it is not seen. */
export const alternative = (picture) => `${picture.name}, ${size(picture)} pixels`;

export const rate = (bpp) => `${bpp >= 10 ? bpp.toFixed(1) : bpp.toPrecision(bpp < 0.1 ? 2 : 3)} bpp`;

export function zoom(scale) {
  const percent = 100 * scale;
  return `${percent < 10 ? percent.toPrecision(2) : Math.round(percent)} %`;
}

/** All pictures, small. */

import { alternative, bytes, count, rate, size } from "./words.js";

const SIDE = 480; // pixels of the longer side of a small picture

/** Fills the grid with a link for each picture, and with the error's text for each file that has none. */
export function fill(grid, summary, source) {
  const { pictures } = source;
  grid.replaceChildren(...pictures.map((picture, index) => item(source, picture, index + 1)));
  const total = pictures.reduce((sum, picture) => sum + (picture.bytes ?? 0), 0);
  summary.textContent = `${count(pictures.length)} ${pictures.length === 1 ? "file" : "files"}, ${bytes(total)}`;
  grid.addEventListener("keydown", (event) => step(grid, event));
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function item(source, picture, number) {
  if (picture.error) return element("li", {}, broken(picture, picture.error));
  const image = element("img", { alt: alternative(picture), loading: "lazy", decoding: "async" });
  const link = element("a", { href: `#${number}`, id: `picture-${number}` }, frame(image), caption(picture));
  const entry = element("li", {}, link);
  image.addEventListener("error", async () => {
    // The header was sound, what follows was not: an image does not tell what the server says of that.
    const response = await fetch(image.src).catch(() => undefined);
    const said = response && !response.ok ? (await response.text()).trim() : "the picture cannot be shown";
    picture.error = said;
    entry.replaceChildren(broken(picture, said));
  });
  image.src = source.thumbnail(number, SIDE);
  return entry;
}

/** Without a place where a line may break. */
const together = (text) => text.replaceAll(" ", "\u00a0");

const frame = (...children) => element("div", { className: "frame" }, ...children);

function caption(picture) {
  const facts = [size(picture), picture.family, bytes(picture.bytes), rate(picture.bpp)];
  if (picture.original) facts.push("with original");
  const name = element("span", { className: "name", title: picture.name, textContent: picture.name });
  return element("div", { className: "caption" }, name, element("span", { className: "muted", textContent: facts.map(together).join(" · ") }));
}

function broken(picture, text) {
  const name = element("span", { className: "name", title: picture.name, textContent: picture.name });
  const said = element("p", { textContent: text });
  return element(
    "div",
    { className: "broken" },
    frame(said),
    element("div", { className: "caption" }, name, element("span", { className: "muted", textContent: "cannot be shown" })),
  );
}

/** Arrow keys go from picture to picture, by rows and columns as they lie on the screen. */
function step(grid, event) {
  const links = [...grid.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = (link) => link.getBoundingClientRect();
  const here = box(links[at]);
  const beside = (other) => Math.abs(box(other).left - here.left);
  const nearest = (found, edge) => {
    const row = found.filter((link) => Math.abs(box(link).top - edge(found)) < 1);
    return row.sort((a, b) => beside(a) - beside(b))[0];
  };
  const aim = {
    ArrowLeft: () => links[at - 1],
    ArrowRight: () => links[at + 1],
    ArrowUp: () => nearest(links.filter((l) => box(l).top < here.top - 1), (f) => Math.max(...f.map((l) => box(l).top))),
    ArrowDown: () => nearest(links.filter((l) => box(l).top > here.top + 1), (f) => Math.min(...f.map((l) => box(l).top))),
    Home: () => links[0],
    End: () => links.at(-1),
  }[event.key];
  if (!aim) return;
  event.preventDefault();
  aim()?.focus();
}

/** The page: the grid, or one picture; what keys, buttons and the address do. */

import { fill } from "./gallery.js";
import { Sequence } from "./sequence.js";
import { open } from "./source.js";
import { Stage } from "./stage.js";
import { alternative, bytes, rate, size, zoom } from "./words.js";

const at = (id) => document.getElementById(id);
const STEP = 0.2; // of the screen, that an arrow key moves
const LARGER = Math.SQRT2;

let source;
let number; // of the picture on the stage, from 1
let remember; // a timer, before the address says where we look

const stage = new Stage(at("canvas"), { changed: looked, failed: tell, swiped: turn });
const sequence = new Sequence(
  { panel: at("sequence"), play: at("play"), step: at("step"), said: at("said") },
  { show: (preview) => stage.set({ preview }), failed: tell },
);

const picture = () => source.pictures[number - 1];

function tell(error, layer) {
  at("error").textContent = layer === "original" ? `the original: ${error.message}` : error.message;
  at("error").hidden = false;
}

/** Follows a change of the look: what the buttons and the address say. */
function looked() {
  const { scale, x, y, fitted } = stage.view;
  at("zoom").textContent = zoom(scale);
  at("canvas").setAttribute("aria-label", `${alternative(picture())}, at ${zoom(scale)}`);
  const place = fitted ? "" : `,${[x.toFixed(1), y.toFixed(1), scale.toPrecision(4)].join()}`;
  clearTimeout(remember);
  remember = setTimeout(() => history.replaceState(null, "", `#${number}${place}`), 200);
}

function show(wanted, look) {
  const known = number === wanted;
  number = wanted;
  at("gallery").hidden = true;
  at("viewer").hidden = false;
  if (known && look) {
    stage.look(look);
    return;
  }
  const { name, family, original, bytes: length, bpp } = picture();
  const { pictures } = source;
  document.title = name;
  at("name").textContent = name;
  at("meta").textContent = [size(picture()), family, bytes(length), rate(bpp)].join(" · ");
  at("place").textContent = `${number} of ${pictures.length}`;
  at("error").hidden = true;
  for (const id of ["compare", "flip"]) at(id).hidden = !original;
  at("right-label").textContent = bytes(length);
  for (const [id, direction] of [["previous", -1], ["next", 1]]) at(id).disabled = !neighbour(direction);
  const played = sequence.shown;
  sequence.close();
  stage.open(source, number, look);
  compare(Boolean(stage.compare && original));
  if (played) sequence.open(source, number);
  if (!at("info").hidden) inform();
  at("canvas").focus({ preventScroll: true });
}

/** Back to the grid, at the picture that was looked at. */
function leave() {
  clearTimeout(remember);
  const from = number;
  number = undefined;
  sequence.close();
  at("sequence-toggle").setAttribute("aria-pressed", "false");
  stage.close();
  at("viewer").hidden = true;
  at("gallery").hidden = false;
  document.title = "Pictures";
  if (from) at(`picture-${from}`)?.focus();
}

/** The address decides: nothing for the grid, "#3" for the third picture, "#3,120,80,4" for a look at it. */
function route() {
  const [wanted, ...place] = location.hash.slice(1).split(",").map(Number);
  const found = source.pictures[wanted - 1];
  if (!found || found.error) {
    leave();
    return;
  }
  const [x, y, scale] = place;
  const look = place.length === 3 && place.every(Number.isFinite) && scale > 0 ? { x, y, scale } : undefined;
  show(wanted, look);
}

/** The next picture in a direction that can be shown. */
function neighbour(direction) {
  for (let other = number + direction; source.pictures[other - 1]; other += direction)
    if (!source.pictures[other - 1].error) return other;
  return undefined;
}

function turn(direction) {
  const other = neighbour(direction);
  if (!other) return;
  clearTimeout(remember);
  history.replaceState(null, "", `#${other}`);
  show(other);
}

function compare(on) {
  stage.set({ compare: on });
  at("compare").setAttribute("aria-pressed", String(on));
  for (const id of ["divider", "left-label", "right-label"]) at(id).hidden = !on;
  divide(stage.divider);
}

function divide(share) {
  const divider = Math.max(0, Math.min(1, share));
  stage.set({ divider });
  at("stage").style.setProperty("--divider", `${100 * divider}%`);
  at("divider").setAttribute("aria-valuenow", String(Math.round(100 * divider)));
  at("divider").setAttribute("aria-valuetext", `${Math.round(100 * divider)} % original`);
}

function flip(on) {
  if (!number || !picture().original) return;
  stage.set({ flipped: on });
  at("flip").setAttribute("aria-pressed", String(on));
}

function pixels(on) {
  stage.set({ pixels: on });
  at("pixels").setAttribute("aria-pressed", String(on));
}

function toggleSequence() {
  if (sequence.shown) sequence.close();
  else sequence.open(source, number);
  at("sequence-toggle").setAttribute("aria-pressed", String(sequence.shown));
}

async function inform() {
  const asked = number;
  let rows;
  try {
    rows = Object.entries(await source.info(asked));
  } catch (error) {
    rows = [["error", error.message]];
  }
  if (number !== asked) return;
  at("facts").replaceChildren(
    ...rows.map(([name, text]) => {
      const row = document.createElement("div");
      for (const [kind, words] of [["dt", name], ["dd", text]]) row.append(Object.assign(document.createElement(kind), { textContent: words }));
      return row;
    }),
  );
  const file = source.file(asked);
  at("download").hidden = !file;
  if (file) Object.assign(at("download").firstChild, { href: file, download: picture().name.split("/").pop() });
}

function info(on) {
  at("info").hidden = !on;
  at("info-toggle").setAttribute("aria-expanded", String(on));
  if (on) inform();
}

const back = () => (location.hash = "");

const ACTIONS = {
  back,
  compare: () => picture().original && compare(!stage.compare),
  "sequence-toggle": toggleSequence,
  pixels: () => pixels(!stage.pixels),
  "info-toggle": () => info(at("info").hidden),
  "help-toggle": () => at("help").showModal(),
  previous: () => turn(-1),
  next: () => turn(1),
  in: () => stage.zoom(LARGER, undefined, true),
  out: () => stage.zoom(1 / LARGER, undefined, true),
  zoom: () => stage.zoom(1 / stage.view.scale, undefined, true),
  fit: () => stage.fit(),
};

const KEYS = {
  "+": "in",
  "=": "in",
  "-": "out",
  _: "out",
  0: "fit",
  1: "zoom",
  c: "compare",
  s: "sequence-toggle",
  p: "pixels",
  i: "info-toggle",
  "?": "help-toggle",
  PageUp: "previous",
  PageDown: "next",
};

function arrow(dx, dy) {
  if (!stage.view.larger) {
    if (dx) turn(dx);
    return;
  }
  const { clientWidth, clientHeight } = at("canvas");
  stage.move(dx * STEP * clientWidth, dy * STEP * clientHeight);
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function pressed(event) {
  if (!number || at("help").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  const acts = target.closest("button, a, input");
  if (event.key === "Escape") {
    if (!at("info").hidden) info(false);
    else back();
  } else if (event.key === " ") {
    if (acts && acts !== at("flip")) return;
    if (!event.repeat) flip(true);
  } else if (event.key in ARROWS) {
    if (target === at("divider")) divide(stage.divider + ARROWS[event.key][0] * (event.shiftKey ? 0.1 : 0.02) - ARROWS[event.key][1] * 0.02);
    else if (target === at("step") || at("info").contains(target)) return;
    else arrow(...ARROWS[event.key]);
  } else if (target === at("divider") && (event.key === "Home" || event.key === "End")) {
    divide(event.key === "Home" ? 0 : 1);
  } else {
    const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name || (target === at("step") && name.match(/previous|next/))) return;
    ACTIONS[name]();
  }
  event.preventDefault();
}

function listen() {
  for (const [id, act] of Object.entries(ACTIONS))
    at(id).addEventListener("click", (event) => {
      event.preventDefault();
      act();
      // After a click by hand keys go on to mean what they say, not the button again.
      if (event.detail > 0 && number && !at("help").open) at("canvas").focus({ preventScroll: true });
    });
  document.addEventListener("keydown", pressed);
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") flip(false);
  });
  window.addEventListener("blur", () => flip(false));
  at("flip").addEventListener("pointerdown", (event) => {
    at("flip").setPointerCapture(event.pointerId);
    flip(true);
  });
  for (const kind of ["pointerup", "pointercancel"]) at("flip").addEventListener(kind, () => flip(false));
  at("flip").addEventListener("contextmenu", (event) => event.preventDefault());

  const divider = at("divider");
  divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const box = at("canvas").getBoundingClientRect();
    divide((event.clientX - box.left) / box.width);
  });
  window.addEventListener("hashchange", route);
}

try {
  source = await open();
  fill(at("grid"), at("summary"), source);
  listen();
  route();
} catch (error) {
  at("summary").textContent = `The pictures cannot be shown: ${error.message}`;
}

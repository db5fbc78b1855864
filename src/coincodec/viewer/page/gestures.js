/** Pointers, wheel and double clicks on an element as moves and zooms. */

const DOUBLE = 300; // milliseconds between the taps of a double tap
const NEAR = 30; // and CSS pixels
const SWIPE = 60; // CSS pixels that a finger goes for the next picture

/**
 * on.move(dx, dy), on.zoom(factor, x, y), on.double(x, y): in CSS pixels of the element. on.swipe(direction): a finger
 * that went left (1) or right (-1), of which nothing was a zoom; only where on.swipes() says that it may.
 */
export function listen(element, on) {
  const pointers = new Map();
  let tapped = { time: -Infinity, x: 0, y: 0 };
  let start;

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const between = () => {
    const [a, b] = [...pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.hypot(a.x - b.x, a.y - b.y) };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    start = pointers.size === 1 ? { ...place(event), swipes: event.pointerType === "touch" && on.swipes() } : undefined;
    element.classList.add("held");
  });

  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    if (pointers.size === 2) {
      const old = between();
      pointers.set(event.pointerId, now);
      const { x, y, distance } = between();
      on.move(x - old.x, y - old.y);
      if (old.distance > 0) on.zoom(distance / old.distance, x, y);
      return;
    }
    pointers.set(event.pointerId, now);
    if (pointers.size === 1) on.move(now.x - before.x, now.y - before.y);
  });

  const ended = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size === 0) element.classList.remove("held");
    if (event.type !== "pointerup" || !start) return;
    const { x, y } = place(event);
    const [dx, dy] = [x - start.x, y - start.y];
    if (start.swipes && Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) on.swipe(dx < 0 ? 1 : -1);
    else if (event.pointerType === "touch" && Math.hypot(dx, dy) < NEAR) {
      if (event.timeStamp - tapped.time < DOUBLE && Math.hypot(x - tapped.x, y - tapped.y) < NEAR) {
        on.double(x, y);
        tapped = { time: -Infinity, x, y };
      } else tapped = { time: event.timeStamp, x, y };
    }
    start = undefined;
  };
  element.addEventListener("pointerup", ended);
  element.addEventListener("pointercancel", ended);

  element.addEventListener("dblclick", (event) => {
    if (event.sourceCapabilities?.firesTouchEvents) return; // a double tap, which was heard already
    const { x, y } = place(event);
    on.double(x, y);
  });

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      const unit = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : 400;
      on.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.002)), x, y);
    },
    { passive: false },
  );
}

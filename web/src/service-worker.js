/** A service worker that answers where a page has <img src="picture.coin">: with a PNG of what the server has there.
 *
 * It has to lie at, or be imported by, a script of the page's own origin; images of other origins are left alone.
 */
import { CoinError, decode, toPNG } from "./coin.js";

function isOurs({ method, destination, url }) {
  const { origin, pathname } = new URL(url);
  return method === "GET" && destination === "image" && origin === location.origin && pathname.endsWith(".coin");
}

async function shown({ request }) {
  const response = await fetch(request);
  if (!response.ok) return response;
  const data = await response.clone().arrayBuffer();
  try {
    const headers = new Headers({ "Content-Type": "image/png" });
    for (const name of ["Cache-Control", "Last-Modified", "Cross-Origin-Resource-Policy"])
      if (response.headers.has(name)) headers.set(name, response.headers.get(name));
    return new Response(await toPNG(await decode(data)), { headers });
  } catch (error) {
    if (!(error instanceof CoinError)) throw error;
    // Something else under this name, which the browser may know.
    if (error.code === "not-coin") return response;
    return new Response(`${error.code}: ${error.message}`, { status: 422, headers: { "Content-Type": "text/plain" } });
  }
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (isOurs(event.request)) event.respondWith(shown(event));
});

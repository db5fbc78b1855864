// Runs a script in a page of a headless browser: node drive.mjs, with a JSON object of settings on standard input.
// The script's value is printed as JSON, with what the page complained of.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { playwright, chromium: executablePath, url, script, screenshots, context } = JSON.parse(readFileSync(0, "utf8"));
const { chromium } = await import(pathToFileURL(`${playwright}/node_modules/playwright-core/index.mjs`));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const viewport = { width: 1280, height: 800 };
  const made = await browser.newContext({ viewport, colorScheme: "light", reducedMotion: "reduce", ...context });
  const page = await made.newPage();
  page.setDefaultTimeout(120_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));

  const tools = {
    page,
    complaints,
    /** Until all of the picture is drawn as finely as it will be. */
    settled: () => page.waitForSelector('#stage[aria-busy="false"]'),
    /** Until the address says how closely one looks. */
    remembered: () =>
      page.waitForFunction(() => {
        const scale = Number(location.hash.split(",")[3]);
        return document.getElementById("zoom").textContent === `${Math.round(100 * scale)} %`;
      }),
    /** Until the step of the sequence is drawn. */
    stepped: async () => {
      await page.waitForSelector('#sequence[aria-busy="false"]');
      await page.waitForSelector('#stage[aria-busy="false"]');
    },
    /** Until every picture of the grid is there, or told as damaged. */
    filled: () =>
      page.waitForFunction(() => {
        const images = [...document.querySelectorAll("#grid img")];
        return document.querySelector("#grid li") && images.every((image) => image.complete && image.naturalWidth);
      }),
    press: async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    },
    text: (selector) => page.textContent(selector),
    attribute: (selector, name) => page.getAttribute(selector, name),
    focused: () => page.evaluate(() => document.activeElement?.id),
    /** Samples of the canvas: width and height, and RGBA row by row. */
    canvas: () =>
      page.evaluate(() => {
        const canvas = document.getElementById("canvas");
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        let text = "";
        for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
        return { width, height, data: btoa(text) };
      }),
    shot: (name) => page.screenshot({ path: `${screenshots}/${name}.png` }),
  };
  await page.goto(url);
  await page.waitForSelector("#grid li, #viewer:not([hidden])", { state: "attached" }); // keys are heard from now on
  const run = Object.getPrototypeOf(async () => {}).constructor;
  const value = await new run(...Object.keys(tools), script)(...Object.values(tools));
  console.log(JSON.stringify({ value: value ?? null, complaints }));
} finally {
  await browser.close();
}

// Asks Neo4j Browser the analysts' questions in headless Chromium with no way out, in the style, and prints what it saw as JSON.
//   node analysts.mjs URL BOLT CHROMIUM PICTURES ASKED, a file: {"password": ..., "style": ..., "guide": a port, "asked": [{"name", "text", "params"}]}
import fs from "node:fs";
import puppeteer from "puppeteer-core";

const [url, bolt, executablePath, pictures, file] = process.argv.slice(2);
const { password, style, guide, asked } = JSON.parse(fs.readFileSync(file, "utf8"));
const { origin } = new URL(url);
const FRAME = '[data-testid="frame"]';

const browser = await puppeteer.launch({
  executablePath,
  args: [
    "--no-sandbox", // containers allow none, and it opens no page but ours
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", // no other name leads anywhere, for the browser itself, either
  ],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.setViewport({ width: 1400, height: 800 });
  await page.setRequestInterception(true);
  page.on("request", (request) =>
    [`${origin}/`, `http://localhost:${guide}/`].some((one) => request.url().startsWith(one)) || /^(data|blob):/.test(request.url()) ? request.continue() : request.abort(),
  );

  await page.goto(url);
  await page.locator('[data-testid="boltaddress"]').fill(bolt);
  await page.locator('[data-testid="username"]').fill("neo4j");
  await page.locator('[data-testid="password"]').fill(password);
  await page.locator('[data-testid="connect"]').click();
  await page.waitForFunction(() => document.body.innerText.includes("You are connected"));

  async function control(key) {
    await page.keyboard.down("Control");
    await page.keyboard.press(key);
    await page.keyboard.up("Control");
  }

  /** Types into the editor, in place of what is there, and runs it. */
  async function type(text) {
    await page.locator(".monaco-editor textarea").click();
    await control("a");
    await page.evaluate((given) => {
      const data = new DataTransfer();
      data.setData("text/plain", given);
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }, text);
    await control("Enter");
  }

  /** The same; returns when another frame is there. */
  async function run(text) {
    const before = (await page.$$(FRAME)).length;
    await type(text);
    await page.waitForFunction((selector, count) => document.querySelectorAll(selector).length > count, {}, FRAME, before);
  }

  /** Drops a file onto the window, as the guide tells. */
  async function drop(name, content) {
    await page.evaluate(
      (file, text) => {
        const data = new DataTransfer();
        data.items.add(new File([text], file));
        const target = document.querySelector('[data-testid="main"]') ?? document.body;
        for (const kind of ["dragenter", "dragover", "drop"]) {
          target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
      },
      name,
      content,
    );
  }

  /** Returns once a frame that slides into its place is there. */
  async function still(frame) {
    let before = "";
    for (let now = JSON.stringify(await frame.boundingBox()); now !== before; now = JSON.stringify(await frame.boundingBox())) {
      before = now;
      await new Promise((done) => setTimeout(done, 500)); // nothing tells that it has come to rest
    }
  }

  /** Returns once the nodes of a graph stand still, all of them in sight. */
  async function settled(frame) {
    const places = () => frame.$$eval("g.node", (nodes) => nodes.map((one) => one.getAttribute("transform")).join());
    let before = "";
    for (let now = await places(); !now || now !== before; now = await places()) {
      before = now;
      await new Promise((done) => setTimeout(done, 500)); // nothing tells that they have come to rest
    }
    await (await frame.$('[aria-label="zoom-to-fit"]')).click();
    await page.mouse.move(0, 0);
    await new Promise((done) => setTimeout(done, 1500)); // nor that the zoom has
  }

  const slide = () => page.$eval("#guide-drawer h3", (title) => title.innerText);
  const shown = (title) => page.waitForFunction((wanted) => document.querySelector("#guide-drawer h3")?.innerText === wanted, {}, title);
  const editor = () => page.$$eval(".monaco-editor .view-line", (lines) => lines.map((one) => one.innerText).join(" "));

  /** Goes through the guide that opened by itself, and does what it tells. Leaves a picture of it. */
  async function guided() {
    await page.waitForSelector("#guide-drawer h3");
    const titles = [await slide()];
    const next = '[data-testid="guideNextSlide"]:not([disabled])';
    for (; await page.$(next); titles.push(await slide())) {
      await page.click(next);
      await page.waitForFunction((before) => document.querySelector("#guide-drawer h3").innerText !== before, {}, titles.at(-1));
    }
    await page.click('[data-testid="guidePreviousSlide"]');
    await shown(titles.at(-2));
    await page.click("#guide-drawer pre.runnable");
    const typed = await editor();
    await page.click('[data-testid="pagination-1"]');
    await shown(titles[0]);
    await page.click('#guide-drawer [data-exec^="style"]');
    await type(":clear");
    await page.waitForFunction((selector) => !document.querySelector(selector), {}, FRAME);
    await page.click("#guide-drawer pre.runnable");
    await control("Enter");
    const frame = await page.waitForSelector(FRAME);
    await page.waitForFunction((one) => /Displaying/.test(one.innerText), {}, frame);
    await still(frame);
    await settled(frame);
    const fills = await frame.$$eval("g.node circle", (circles) => circles.map((one) => one.getAttribute("fill")));
    await page.screenshot({ path: `${pictures}/guide.png` });
    await page.click('[data-testid="navigationGuides"]');
    await page.waitForFunction(() => !document.querySelector("#guide-drawer h3"));
    return { titles, typed, colours: [...new Set(fills.filter(Boolean))].sort() };
  }

  const seen = { guide: await guided() };
  await drop("buying-groups.grass", style);
  for (const { name, text, params } of asked) {
    await type(":clear");
    await page.waitForFunction((selector) => !document.querySelector(selector), {}, FRAME);
    if (Object.keys(params).length) await run(`:params ${JSON.stringify(params)}`);
    await run(text);
    const frame = await page.waitForSelector(FRAME);
    await page.waitForFunction((one) => /Started streaming|Displaying|no changes/.test(one.innerText), {}, frame);
    await still(frame);
    if (await frame.$('[aria-label="zoom-to-fit"]')) await settled(frame);
    seen[name] = await frame.evaluate((one) => one.innerText);
    await frame.screenshot({ path: `${pictures}/${name}.png` });
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
